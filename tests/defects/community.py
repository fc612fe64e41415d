"""google-adk-community's Redis service, as it is published.

It needs a redis-py of before 6, and so an environment of its own.  A replica that finds itself in
ours goes on in that one, as the same process.
"""

from __future__ import annotations

import importlib
import os
import sys

from google.adk.sessions.base_session_service import BaseSessionService

PYTHON = "DIYA_COMMUNITY_PYTHON"
"""The environment variable that names the other environment's Python."""


def factory(uri: str, ttl_seconds: float) -> BaseSessionService:
    """For `--sessions tests.defects.community:factory`."""
    try:
        sessions = importlib.import_module("google.adk_community.sessions")
    except ImportError:
        other = os.environ.pop(PYTHON)
        os.execv(other, [other, "-m", "target_service", *sys.argv[1:]])
    service = sessions.RedisSessionService(uri=uri, expire=max(1, round(ttl_seconds)))
    assert isinstance(service, BaseSessionService)
    return service
