"""Rules of reporting: how events add up to figures; pure functions over plain values."""
