"""Guarantees for turns of ADK's `/run` and `/run_sse`: all or nothing, and exactly once."""
