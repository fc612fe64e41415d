"""Measures: numbers computed from a history, without limits."""
