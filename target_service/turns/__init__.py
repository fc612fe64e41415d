"""Turn guarantees around ADK's `/run` and `/run_sse`: all or nothing, and exactly once."""
