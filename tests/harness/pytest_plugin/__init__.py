"""The pytest plugin and its parts."""
