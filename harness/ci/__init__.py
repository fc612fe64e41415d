"""Readiness runs as tests: what stands behind the pytest plugin."""
