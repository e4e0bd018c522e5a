"""Use cases of stock: load, decide, store, tell."""
