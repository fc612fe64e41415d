"""Agents for a plain `adk api_server`: ShopMax's, and one with every legal end of a turn."""
