"""The rules of selling: pure functions over frozen values."""
