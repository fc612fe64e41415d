"""An agent that is shown no history, by design."""
