"""Profiles of a load: their files, their rules, and the journeys that they name."""
