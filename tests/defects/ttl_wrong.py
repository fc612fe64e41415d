"""Session services that are wrong on purpose: the TTL is not the one that was declared."""

from __future__ import annotations

from tests.defects.plain import PlainSessions


def short(uri: str, ttl_seconds: float) -> PlainSessions:
    """For `--sessions tests.defects.ttl_wrong:short`: sessions expire after half of their TTL."""
    return PlainSessions(uri, ttl_seconds / 2)


def long(uri: str, ttl_seconds: float) -> PlainSessions:
    """For `--sessions tests.defects.ttl_wrong:long`: sessions live for three times their TTL."""
    return PlainSessions(uri, ttl_seconds * 3)
