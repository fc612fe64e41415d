"""Validation of capacity planning."""
