"""A system that diya did not start: connected, checked, and broken only where that is allowed."""
