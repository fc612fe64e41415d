"""An agent with most features of ADK, whose model replies with the request it was given."""
