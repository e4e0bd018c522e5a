"""Bringing data in: products, suppliers, opening lots and a till's sales, through the public doors only."""
