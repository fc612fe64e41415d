"""The server of a replica: ADK's API around our sessions and turns, and its start and end."""
