"""Rules of the catalog: pure functions over frozen values."""
