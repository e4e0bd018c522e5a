"""The only home of the shape of the rows of packages and what they hold."""
