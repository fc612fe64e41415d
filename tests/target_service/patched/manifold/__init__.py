"""An agent with most of what ADK knows; its model says what it was shown."""
