"""The stand-in as an ASGI application: each request is answered in the words of its API."""

from __future__ import annotations

from target_service.stand_in.effect import Faults, NoFaults, NoQuota, Quota
from target_service.stand_in.reply import PlainReplies, Replies
from target_service.stand_in.upstream import Upstream


class StandIn:
    """The application, and the parts that decide its answers."""

    def __init__(
        self,
        *,
        replies: Replies | None = None,
        faults: Faults | None = None,
        quota: Quota | None = None,
        upstream: Upstream | None = None,
    ) -> None:
        """`upstream`: every call is passed on to it and recorded; no reply is made here."""
        self._replies = replies or PlainReplies()
        self._faults = faults or NoFaults()
        self._quota = quota or NoQuota()
        self._upstream = upstream
