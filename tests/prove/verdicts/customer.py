"""One customer of a correct service, and the records that a generator would write of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reports.records import (
    AuditRecord,
    ConversationRecord,
    Fate,
    HistoryItem,
    Outcome,
    Seen,
    TurnRecord,
    digest,
)
from tests.prove.verdicts.store import Entry, Session, Store
from tests.prove.verdicts.trouble import Network, Request

DEADLINE_S = 20.0


@dataclass
class Tries:
    """All attempts of one request, and their outcome."""

    outcome: Outcome = Outcome.FAIL
    attempts: int = 0
    unsure: int = 0
    asked: float = 0.0
    """When the first attempt was sent."""
    sent: float = 0.0
    """When the last attempt was sent."""
    done: float = 0.0
    acted: float | None = None
    """When the service acted on the last attempt, which was answered."""
    absent: bool = False
    """The service said that there is no such session."""
    error: str | None = None


@dataclass
class Customer:
    """Plays one conversation, whole: the times of everything are drawn as it goes."""

    index: int
    start: float
    rng: random.Random
    network: Network
    new_store: Callable[[], Store]
    reads_touch: bool
    """Whether the service counts a read as a use of the session."""
    turns: list[TurnRecord] = field(default_factory=list)
    audits: list[AuditRecord] = field(default_factory=list)
    record: ConversationRecord | None = None
    _error: str | None = None
    _last_sent: float | None = None

    def play(self) -> None:
        """From the opening to the last read."""
        rng = self.rng
        self.store = self.new_store()
        due = self.start
        started = round(due + rng.uniform(0.0001, 0.004), 6)
        planned = 1 + min(9, int(rng.expovariate(1 / 3)))
        opening = self._open(started)
        opened = opening.done if opening.outcome is Outcome.OK else None
        now = opening.done
        if opened is None:
            self._error = "opening the session: no answer"
        for number in range(planned if opened is not None else 0):
            opened_with = opening.error if number == 0 else None
            now = self._turn(number, due, now, opened_with)
            if self._error is not None:
                break
            due = now + self._pause()
            now = due + rng.uniform(0.0001, 0.004)
        ended = now = self.turns[-1].done if self.turns else now
        deleted = None
        if opened is not None:
            now = self._read("end", ended)
            deleted, now = self._leave(now)
        self.record = ConversationRecord(
            conversation=self.index,
            journey="order",
            user=f"u{self.index}",
            session=f"s{self.index}",
            due=round(self.start, 6),
            started=started,
            opened=None if opened is None else round(opened, 6),
            ended=round(ended, 6),
            fate=Fate.OFFERED,
            turns_planned=planned,
            deleted=deleted,
            error=self._error,
        )

    def _pause(self) -> float:
        """Seconds until the next message: short as a rule, sometimes as long as a session lives."""
        ttl, luck = self.store.ttl, self.rng.random()
        if luck < 0.06:
            return ttl + self.rng.uniform(-0.5, 0.5)
        if luck < 0.12:
            return ttl * self.rng.uniform(0.4, 0.6)
        if luck < 0.16:
            return ttl * self.rng.uniform(1.15, 1.5)
        return self.rng.lognormvariate(0.7, 0.8)

    def _ask(self, sent: float, deadline: float, write: Callable[[float], Entry]) -> Tries:
        """Ask until there is an answer, or until it is too late."""
        tries = Tries(asked=sent)
        while sent < deadline:
            request = self.network.ask(sent, min(8.0, deadline - sent))
            tries.attempts += 1
            tries.sent, tries.done = sent, request.done
            if self._heard(request, tries, write):
                return tries
            sent = request.done + self.rng.uniform(0.01, 1.0)
        tries.outcome = Outcome.INFO if tries.unsure else Outcome.FAIL
        return tries

    def _heard(self, request: Request, tries: Tries, write: Callable[[float], Entry]) -> bool:
        """Whether an attempt brought an answer that needs no other."""
        entry = None if request.acts is None else write(request.acts)
        if request.heard == "refused":
            tries.error = "HTTP 503"
            return False
        if request.heard == "lost":
            tries.unsure += 1
            tries.error = "no complete response within 8 s"
            if entry is not None:
                self.store.write(entry)
            return False
        assert entry is not None
        if entry.kind != "open" and self.store.at(entry.at) is None:
            tries.absent = True
            tries.outcome = Outcome.INFO if tries.unsure else Outcome.FAIL
            tries.error = "HTTP 404"
            return True
        self.store.write(entry)
        tries.outcome, tries.acted = Outcome.OK, entry.at
        return True

    def _open(self, sent: float, deadline: float | None = None) -> Tries:
        tries = self._ask(sent, deadline or sent + DEADLINE_S, lambda at: Entry(at, "open"))
        if tries.error is not None:
            tries.error = f"opening the session: {tries.error}"
        return tries

    def _turn(self, number: int, due: float, sent: float, error: str | None) -> float:
        """Take one turn; when it was done."""
        name = f"c{self.index}t{number}"
        first, deadline = sent, sent + DEADLINE_S
        tries = self._ask(sent, deadline, lambda at: Entry(at, "turn", name, _items(name)))
        reopened: float | None = None
        away = self._last_sent is not None and tries.done - self._last_sent >= self.store.ttl
        if tries.absent and away and tries.done < deadline:
            self.store = self.new_store()
            opening = self._open(tries.done + 0.001, deadline)
            if opening.outcome is Outcome.OK:
                reopened = opening.done
                error = opening.error
                tries = self._ask(
                    reopened + 0.001,
                    deadline,
                    lambda at: Entry(at, "turn", name, _items(name)),
                )
                tries.done = max(tries.done, reopened)
        seen = self._shown(name, tries.acted)
        ok = tries.outcome is Outcome.OK
        self.turns.append(
            TurnRecord(
                conversation=self.index,
                turn=number,
                turn_id=name,
                journey="order",
                due=round(due, 6),
                sent=round(first, 6),
                first_token=None,
                done=round(tries.done, 6),
                outcome=tries.outcome,
                attempts=max(1, tries.attempts),
                replica=f"r{self.rng.randint(1, 12):02}",
                message=digest(f"message {name}"),
                reply=digest(f"reply {name}") if ok else None,
                seen=seen,
                status=200 if ok else 404 if tries.absent else None,
                error=tries.error or error,
                unsure=tries.unsure,
                reopened=None if reopened is None else round(reopened, 6),
            )
        )
        self._last_sent = first
        if not ok:
            self._error = f"turn {number} ended {tries.outcome}: {tries.error}"
        return tries.done

    def _shown(self, name: str, acted: float | None) -> Seen | None:
        if acted is None:
            return None
        session = self.store.at(acted)
        assert session is not None
        return session.turns[name]

    def _read(self, when: str, sent: float) -> float:
        """Read the session; when that was done."""
        found: list[Session | None] = []

        def look(at: float) -> Entry:
            return Entry(at, "touch" if self.reads_touch else "look")

        tries = self._ask(sent, sent + DEADLINE_S, look)
        status = "gone" if tries.absent else "unknown"
        if tries.outcome is Outcome.OK and tries.acted is not None:
            found.append(self.store.at(tries.acted))
            status = "found"
        session = found[0] if found else None
        values: dict[str, Any] = {"user": None, "history": ()}
        if session is not None:
            values = {"user": f"u{self.index}", "history": tuple(session.history)}
        audit = AuditRecord(
            conversation=self.index,
            at=round(tries.sent, 6),
            done=round(tries.done, 6),
            when=when,
            status=status,
            replica="r05",
            asked=round(tries.asked, 6) if tries.attempts > 1 else None,
            **values,
        )
        self.audits.append(audit)
        return tries.done

    def _leave(self, now: float) -> tuple[float | None, float]:
        """Delete the session, or have it looked for after its TTL, or neither."""
        luck = self.rng.random()
        if self._error is not None:
            return None, now
        if luck < 0.2:
            tries = self._ask(now, now + DEADLINE_S, lambda at: Entry(at, "delete"))
            if tries.outcome is Outcome.OK or (tries.absent and tries.unsure):
                deleted = round(tries.done, 6)
                return deleted, self._read("expired", tries.done)
            self._error = f"the deletion ended {tries.outcome}: {tries.error}"
            return None, tries.done
        if luck < 0.8:
            unsettled = any(turn.unsure for turn in self.turns)
            for _ in range(2 if unsettled else 1):
                now = self._read("expired", now + self.store.ttl + 1.5)
                if self.audits[-1].status != "found":
                    break
        return None, now


def _items(name: str) -> tuple[HistoryItem, ...]:
    """A turn as the store keeps it, whole."""
    kinds = [("message", f"message {name}"), ("reply", f"reply {name}")]
    if digest(name)[0] < "8":
        kinds.insert(1, ("step", f"call {name}"))
        kinds.insert(2, ("step", f"result {name}"))
    return tuple(HistoryItem(name, kind, digest(text)) for kind, text in kinds)
