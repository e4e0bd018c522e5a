"""HTTP in: the questions reporting answers."""
