"""A compose project that is not diya's, on a real Docker engine."""
