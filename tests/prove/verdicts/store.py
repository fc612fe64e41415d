"""A correct session store, as a log of the writes that reached it.

The contents of a session at a moment are found by replaying the log up to it.  A server that dies
forgets the entries of its last moments; an entry of an attempt that its customer gave up may come
long after it was sent.  Nothing here knows how runs are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.records import HistoryItem, Seen, chain


@dataclass(frozen=True, slots=True)
class Entry:
    """One write that reached the store."""

    at: float
    kind: str
    """`open`, `turn`, `touch`, `delete`, or `look`, which leaves no trace."""
    turn_id: str = ""
    items: tuple[HistoryItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Death:
    """The server died, and forgot the entries since `forgets`."""

    at: float
    forgets: float


@dataclass
class Session:
    """One session in the store."""

    expires: float
    turns: dict[str, Seen] = field(default_factory=dict)
    """Each turn with the history that its model was shown."""
    history: list[HistoryItem] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Take a turn, if it is not there."""
        if entry.turn_id in self.turns:
            return
        self.history += entry.items
        messages = [item.digest for item in self.history if item.kind == "message"]
        self.turns[entry.turn_id] = Seen(len(messages), chain(messages))


@dataclass
class Store:
    """The log of one session's id."""

    ttl: float
    deaths: Sequence[Death]
    skew: float
    """How much longer than its TTL the server keeps it: clocks are not exact."""
    log: list[Entry] = field(default_factory=list)

    def write(self, *entries: Entry) -> None:
        """Take entries, past or to come."""
        self.log += entries
        self.log.sort(key=lambda entry: entry.at)

    def at(self, moment: float) -> Session | None:
        """The session as it is at this moment; None: there is none."""
        deaths = [death for death in self.deaths if death.at <= moment]
        session: Session | None = None
        for entry in self.log:
            if entry.at > moment:
                break
            if entry.kind == "look":
                continue
            if any(death.forgets <= entry.at < death.at for death in deaths):
                continue
            if session is not None and entry.at > session.expires:
                session = None
            if entry.kind == "delete":
                session = None
            elif session is None and entry.kind == "open":
                session = Session(entry.at + self.ttl + self.skew)
            elif session is not None and entry.kind != "open":
                if entry.kind == "turn":
                    session.take(entry)
                session.expires = entry.at + self.ttl + self.skew
        if session is not None and moment > session.expires:
            return None
        return session
