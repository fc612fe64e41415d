"""What the stand-in says: recorded conversations, then a script, then automatic replies."""
