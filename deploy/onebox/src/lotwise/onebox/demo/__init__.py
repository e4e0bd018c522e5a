"""A believable chain to look at: defined, stocked and sold through the real doors, day by day."""
