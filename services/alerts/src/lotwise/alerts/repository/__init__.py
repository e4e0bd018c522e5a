"""All SQL of alerts."""
