"""What became of each conversation: its history as it was read back, judged turn by turn."""
