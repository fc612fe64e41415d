"""A loop of a writer and a critic who ends it."""
