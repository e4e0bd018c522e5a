"""Use cases of reporting: one function each."""
