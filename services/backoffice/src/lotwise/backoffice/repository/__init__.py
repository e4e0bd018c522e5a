"""All SQL of the back office, a file per noun."""
