"""Agents that use much of ADK, for the comparison of patched and unpatched replicas."""
