"""Compares two sides of runs: set-up, facts, then figures with intervals."""
