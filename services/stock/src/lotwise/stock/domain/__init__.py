"""The rules of stock: pure functions and plain values; no I/O, no clock, no frameworks."""
