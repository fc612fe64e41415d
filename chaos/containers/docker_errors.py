"""What comes of asking Docker for something that it does not do."""

from __future__ import annotations

from docker.errors import DockerException

REFUSALS = (DockerException, OSError)
"""It says no, or it is not there, or it does not answer in time (for `requests` an OSError)."""


def told(error: Exception) -> str:
    """Docker's own words, where it has said any."""
    return str(getattr(error, "explanation", None) or error)
