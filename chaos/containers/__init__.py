"""The fleet in containers: the same faults, done to what Docker runs.

Nothing here is imported unless a run asks for containers: `docker` and `testcontainers` come with
the extra `ci`.
"""
