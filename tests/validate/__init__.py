"""Validation against measured or simulated truth: longer than the daily tests."""
