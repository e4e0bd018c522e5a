"""All SQL of purchasing."""
