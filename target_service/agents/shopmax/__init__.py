"""The ShopMax agent, in the place where ADK's agent loader looks for it."""
