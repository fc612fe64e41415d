"""Capacity runs: which probe is next, and the processes that play the probes."""
