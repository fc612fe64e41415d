"""Measures: numbers of a history, which nothing here holds against a limit."""
