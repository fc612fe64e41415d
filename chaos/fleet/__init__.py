"""Fleets of processes on this machine, and the protocols of any environment for faults."""
