"""Profiles of a load: their files, their rules, and their journeys."""
