"""Rules of purchasing: pure functions over frozen values."""
