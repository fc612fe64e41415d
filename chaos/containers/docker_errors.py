"""Errors raised by the Docker client."""

from __future__ import annotations

from docker.errors import DockerException

REFUSALS = (DockerException, OSError)
"""Docker refuses, is missing, or does not answer in time (for `requests` an OSError)."""


def told(error: Exception) -> str:
    """Docker's own explanation, if it gave one."""
    return str(getattr(error, "explanation", None) or error)
