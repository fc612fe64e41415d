"""Two agents at once, and one that sums up."""
