"""HTTP in: shapes, permission, then one operation or one read."""
