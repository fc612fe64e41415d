"""The scripted model: its replies, its latency, and the witness in each reply."""
