"""Experiments: planned faults, read or drawn, and played in time with the load."""
