"""A session as Redis holds it, and what is to be changed in it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from google.adk.events.event import Event

from target_service.sessions import codec

_STATE, _PENDING = b"s"[0], b"p"[0]
"""How the fields of a session's state begin, and those of app state on its way; see common.lua."""

NO_FENCE = b""
"""Of a session that nothing was appended to yet."""


class Place(Protocol):
    """Where in the life of a session something is to be appended."""

    @property
    def nonce(self) -> bytes:
        """Of this creation of the session."""

    @property
    def revision(self) -> int:
        """The number of events."""

    @property
    def fence(self) -> bytes:
        """Changed by every append: a server that lost writes comes to a revision a second time."""


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
    """Shared with the cache: never changed in place, and to be copied before it is handed out."""
    ids: set[str] = field(default_factory=set)
    """The ids of the events, and perhaps of others; shared with the cache."""
    last: str = ""
    """`codec.digest` of the last event; empty without events."""
    left_behind: list[bytes] = field(default_factory=list)
    """App state, flat, that a writer brought no further than to the session."""


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
        """Both, one after the other."""
        return StateChange(*({**one, **other} for one, other in zip(self, later, strict=True)))


UNCHANGED = StateChange({}, {}, {})


def new_fence() -> bytes:
    """A fence that no other append makes, as far as 32 bits go."""
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
