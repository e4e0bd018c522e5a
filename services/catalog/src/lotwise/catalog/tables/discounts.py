"""The only home of the shape of the rows of discounts and category prices."""
