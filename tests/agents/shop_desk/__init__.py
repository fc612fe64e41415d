"""An agent as the tool of another."""
