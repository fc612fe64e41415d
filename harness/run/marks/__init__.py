"""Faults that other tools do to the system: marked during the run, or given in a file after it."""
