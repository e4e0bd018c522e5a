"""The only home of the shape of what prices a charge: discounts, category prices, packages and preferences."""
