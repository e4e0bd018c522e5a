"""Rules of alerts: pure functions over frozen values."""
