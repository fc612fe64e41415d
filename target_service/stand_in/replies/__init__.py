"""The stand-in's replies: recorded conversations, then a script, then automatic ones."""
