"""Shows a run while it lasts: one process of its own, which reads the run directory."""
