"""A session as Redis holds it, and changes to it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from google.adk.events.event import Event

from target_service.sessions import codec

_STATE, _PENDING = b"s"[0], b"p"[0]
"""Prefixes of the fields of session state and of app state not copied yet; see common.lua."""

NO_FENCE = b""
"""The fence of a session without appends."""


class Place(Protocol):
    """The place in a session's history at which to append."""

    @property
    def nonce(self) -> bytes:
        """Identifies this creation of the session."""

    @property
    def revision(self) -> int:
        """The number of events."""

    @property
    def fence(self) -> bytes:
        """Changed by every append, because a server that lost writes reaches a revision twice."""


class Mark(NamedTuple):
    """A `Place`, as a session object carries it."""

    nonce: bytes
    revision: int
    fence: bytes


@dataclass(slots=True)
class Stored:
    """A session as Redis holds it."""

    nonce: bytes
    revision: int
    fence: bytes
    updated: float
    state: dict[str, Any]
    user_state: dict[str, Any]
    app_state: dict[str, Any]
    events: list[Event]
    """Shared with the cache: never change it in place; copy it before returning it to callers."""
    ids: set[str] = field(default_factory=set)
    """The ids of the events, and perhaps more; shared with the cache."""
    last: str = ""
    """`codec.digest` of the last event; empty without events."""
    left_behind: list[bytes] = field(default_factory=list)
    """App state, flat, that the writer has not copied to the app yet."""


class Busy(NamedTuple):
    """Another turn holds the session's lease."""

    remaining_ms: int


class StateChange(NamedTuple):
    """State written together with events, by scope; keys without their prefixes."""

    session: Mapping[str, Any]
    user: Mapping[str, Any]
    app: Mapping[str, Any]

    def counts(self) -> list[int]:
        """The number of pairs in each scope, as the scripts expect them."""
        return [len(self.session), len(self.user), len(self.app)]

    def pairs(self) -> list[str | bytes]:
        """All pairs, flat, in the order of the counts."""
        flat: list[str | bytes] = []
        for scope in self:
            if scope:
                flat += codec.encode_state(scope)
        return flat

    def then(self, later: StateChange) -> StateChange:
        """Both changes, `other` after this one."""
        return StateChange(*({**one, **other} for one, other in zip(self, later, strict=True)))


UNCHANGED = StateChange({}, {}, {})


def new_fence() -> bytes:
    """A random fence of 32 bits."""
    return secrets.token_hex(4).encode()


def parse(
    fields: Sequence[bytes],
    user: Sequence[bytes],
    app: Sequence[bytes],
    events: list[Event],
    ids: set[str],
    last: str,
) -> Stored:
    """A session from its hash and its scopes' hashes, all flat, and its events."""
    meta: dict[bytes, bytes] = {}
    own: list[bytes] = []
    left_behind: list[bytes] = []
    for at in range(0, len(fields), 2):
        name, value = fields[at], fields[at + 1]
        if name[0] == _STATE:
            own += (name[1:], value)
        elif name[0] == _PENDING:
            left_behind += (name[1:], value)
        else:
            meta[name] = value
    return Stored(
        nonce=meta[b"n"],
        revision=int(meta[b"r"]),
        fence=meta.get(b"f", NO_FENCE),
        updated=float(meta[b"u"]),
        state=codec.decode_state(own),
        user_state=codec.decode_state(user),
        app_state={**codec.decode_state(app), **codec.decode_state(left_behind)},
        events=events,
        ids=ids,
        last=last,
        left_behind=left_behind,
    )
