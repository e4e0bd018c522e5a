"""HTTP in: shapes, permission, one operation or one read."""
