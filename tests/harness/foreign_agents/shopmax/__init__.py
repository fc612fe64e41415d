"""ShopMax's agent, for a server that knows nothing of ours."""
