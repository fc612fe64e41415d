"""Fleets that can be started, killed and frozen, and the faults done to them."""
