"""The only home of the shape of the rows of tills, their days and their payments."""
