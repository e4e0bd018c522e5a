"""One use case a function: load, decide, store, tell."""
