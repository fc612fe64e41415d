"""A compose project of the user's own: found by its labels, broken, and left as it was."""
