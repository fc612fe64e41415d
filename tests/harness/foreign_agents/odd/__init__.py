"""An agent that ends its turns in every way that ADK allows."""
