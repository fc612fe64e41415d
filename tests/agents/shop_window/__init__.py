"""An agent that is shown the last two turns only, by design."""
