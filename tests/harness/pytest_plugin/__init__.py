"""The pytest plugin and what stands behind it."""
