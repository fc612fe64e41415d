"""Guilty: forgets the first message of a conversation after a restart."""
