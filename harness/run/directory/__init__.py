"""The run directory: its name, its lock, its growing records, and the results of stored runs."""
