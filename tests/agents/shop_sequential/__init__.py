"""Two agents, one after the other."""
