"""The ShopMax agent, where ADK's agent loader finds it."""
