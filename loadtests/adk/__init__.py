"""A client of ADK's HTTP API: requests, streams, and the reading of their events."""
