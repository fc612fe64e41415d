"""Counts the results of this replica's turns, for `/metrics`."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class Result(StrEnum):
    """The result of a request for a turn.  The values are labels of a metric; keep them."""

    OK = "ok"
    """It ran, was written, and was acknowledged if its client was still connected."""
    REPEATED = "repeated"
    """It had run before and was answered from history."""
    BUSY = "busy"
    """Another turn of the session ran for too long: 409."""
    OVERLOADED = "overloaded"
    """Too many turns were running here: 503."""
    UNAVAILABLE = "unavailable"
    """The session store did not answer at the beginning: 503, the turn did not happen."""
    UNCONFIRMED = "unconfirmed"
    """The session store did not confirm the turn: 503, it may have happened."""
    CONFLICT = "conflict"
    """The session was gone, or changed by another writer, before the turn was written: 409."""
    REUSED = "reused"
    """The turn's id belongs to another message: 422."""
    REJECTED = "rejected"
    """ADK refused the request: 4xx."""
    FAILED = "failed"
    """The agent failed, or the client of a turn without an id hung up; nothing was written."""


class Counts:
    """The counts of one replica since its start."""

    def __init__(self, most_in_flight: int) -> None:
        """`most_in_flight` turns run at once; more are refused."""
        self.most_in_flight = most_in_flight
        self.in_flight = 0
        self.results: Counter[Result] = Counter(dict.fromkeys(Result, 0))
