"""The only home of the shape of the rows of price runs and imports."""
