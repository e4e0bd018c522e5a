"""The use cases of sales: load, decide, store, tell."""
