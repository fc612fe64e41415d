"""An agent that asks its classifier several times, and gets the same word each time."""
