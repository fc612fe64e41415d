"""Guilty: each process believes its own copy of a conversation."""
