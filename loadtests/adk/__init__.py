"""ADK's HTTP API from the customers' side: requests, streams, and what they show."""
