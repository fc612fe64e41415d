"""What several rooms share: exit codes, and rules for input that all of them read."""
