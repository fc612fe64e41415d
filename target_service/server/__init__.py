"""The server of a replica: ADK's API with our sessions and turns, its start-up and its shutdown."""
