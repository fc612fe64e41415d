"""A static instruction before each message."""
