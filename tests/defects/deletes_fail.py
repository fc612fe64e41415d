"""A session service that is wrong on purpose: no session is ever deleted, and each attempt fails.

A customer asks for their data to be deleted and gets an error.
"""

from __future__ import annotations

from tests.defects.plain import PlainSessions


class DeletesFail(PlainSessions):
    """Plain, but a delete raises an error."""

    async def delete_session(self, *, app_name: str, user_id: str, session_id: str) -> None:
        """Raises RuntimeError, always."""
        raise RuntimeError("the session could not be deleted")


def factory(uri: str, ttl_seconds: float) -> DeletesFail:
    """For `--sessions tests.defects.deletes_fail:factory`."""
    return DeletesFail(uri, ttl_seconds)
