"""The fleet in containers, on a real Docker engine."""
