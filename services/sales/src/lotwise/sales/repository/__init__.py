"""All SQL of sales."""
