"""The customers' behaviour: turns, retries, and reading the session back."""
