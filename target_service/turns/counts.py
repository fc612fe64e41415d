"""What became of the turns that came to this replica, counted for `/metrics`."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class Result(StrEnum):
    """How a request for a turn ended.  The values are labels of a metric: keep them."""

    OK = "ok"
    """It ran, was written, and was acknowledged, if its client was still there."""
    REPEATED = "repeated"
    """It had run before: answered from history."""
    BUSY = "busy"
    """Another turn of the session was running for too long: 409."""
    OVERLOADED = "overloaded"
    """Too many turns were running here: 503."""
    UNAVAILABLE = "unavailable"
    """The session store did not answer at the beginning: 503, nothing happened."""
    UNCONFIRMED = "unconfirmed"
    """The session store did not confirm the turn: 503, it may have happened."""
    CONFLICT = "conflict"
    """The session was gone, or another's, when the turn was to be written: 409."""
    REUSED = "reused"
    """The turn's id belongs to another message: 422."""
    REJECTED = "rejected"
    """ADK refused the request: 4xx."""
    FAILED = "failed"
    """The agent failed, or the client of a turn without an id hung up; nothing was written."""


class Counts:
    """The numbers of one replica since its start."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.results: Counter[Result] = Counter(dict.fromkeys(Result, 0))
