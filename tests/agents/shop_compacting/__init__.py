"""An agent whose history is summed up, by design."""
