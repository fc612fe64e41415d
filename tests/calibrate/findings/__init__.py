"""Defects of public session services: minimal reproductions, each a script."""
