"""Callbacks around the agent, the model and the tool."""
