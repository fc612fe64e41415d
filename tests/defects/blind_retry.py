"""A session service that is wrong on purpose: it does not know a repeated turn again.

Sound while customers are patient; one whose app asks again too early has said everything twice.
"""

from __future__ import annotations

from tests.defects.plain import PlainSessions


def factory(uri: str, ttl_seconds: float) -> PlainSessions:
    """For `--sessions tests.defects.blind_retry:factory`."""
    return PlainSessions(uri, ttl_seconds)
