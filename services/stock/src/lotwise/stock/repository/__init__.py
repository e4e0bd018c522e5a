"""All SQL of stock, by noun."""
