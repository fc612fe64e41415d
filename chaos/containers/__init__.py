"""The fleet in containers: the same faults, done to containers.

Nothing here is imported unless a run asks for containers: `docker` and `testcontainers` come with
the extra `ci`.
"""

from chaos.errors import ContainersUnavailable

try:
    import docker  # noqa: F401
    import testcontainers  # noqa: F401
except ImportError as error:
    # Here, before any module of this package, so that every import raises the same error.
    raise ContainersUnavailable(
        "containers need the packages docker and testcontainers: pip install 'diya[ci]'"
    ) from error
