"""Judges each conversation's history, as it was read back, turn by turn."""
