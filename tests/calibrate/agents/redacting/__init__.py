"""An agent whose plugin takes order numbers out of messages before they are stored."""
