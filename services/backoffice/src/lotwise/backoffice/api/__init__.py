"""HTTP in: tokens, key set, users and keys of machines."""
