"""Samples of Redis, the database, the replicas and the machine, taken once a second."""
