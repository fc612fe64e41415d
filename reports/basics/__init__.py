"""Shared by several rooms: exit codes, and rules for input."""
