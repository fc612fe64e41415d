"""What a customer does: turns, retries, and reading the session back."""
