"""The other doors of a target: Agent Engine's two calls, and A2A."""
