"""A customer who repeats a turn, under the same identity, until it is answered."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.prove.proof_fleet import Replica
from tests.target_service.processes import body

Events = list[dict[str, Any]]

APP = "shopmax"
PATIENCE_S = 60.0
"""Nobody waits longer: a turn that is not answered by then counts as a violation."""
_PAUSE_S = 0.1


class Unanswered(Exception):
    """No reply to this attempt: the turn may have happened, or not."""


class Stuck(Exception):
    """Patience ended, or an answer came that no repetition can change."""


@dataclass(frozen=True)
class Turn:
    """One message of a customer."""

    user: str
    session: str
    id: str
    text: str
    streaming: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)
    """State that the turn changes besides."""


@dataclass(frozen=True)
class Settled:
    """A turn that was answered."""

    reply: Events
    attempts: int
    seconds: float
    """From the first attempt to the answer."""
    known_again: bool
    """Whether the reply is older than the attempt that brought it."""


def ask(replica: Replica, turn: Turn) -> Events:
    """One attempt: the agent's events.  Raises Unanswered, or Stuck for a final refusal."""
    wanted = body(turn.user, turn.session, turn.text, turn.id)
    if turn.state:
        wanted["stateDelta"] = dict(turn.state)
    if turn.streaming:
        wanted["streaming"] = True
    answer = _post(replica, "/run_sse" if turn.streaming else "/run", wanted)
    if answer.status_code != 200:
        raise _not_ok(answer)
    return _streamed(answer.text) if turn.streaming else _listed(answer)


def settle(
    replicas: Sequence[Replica], turn: Turn, draw: random.Random, patience_s: float = PATIENCE_S
) -> Settled:
    """Ask one replica after another until one answers.  Raises Stuck."""
    start = time.monotonic()
    attempts = 0
    while True:
        attempts += 1
        sent = time.time()
        try:
            reply = ask(draw.choice(replicas), turn)
        except Unanswered as error:
            if time.monotonic() - start > patience_s:
                raise Stuck(f"{turn.id}: {attempts} attempts, the last one: {error}") from error
            time.sleep(_PAUSE_S * draw.uniform(0.5, 1.5))
        else:
            known_again = reply[-1]["timestamp"] < sent
            return Settled(reply, attempts, time.monotonic() - start, known_again)


def create(replicas: Sequence[Replica], user: str, session: str, draw: random.Random) -> None:
    """Create a session.  That it exists already is right after an attempt without an answer."""
    path = f"/apps/{APP}/users/{user}/sessions"
    start = time.monotonic()
    first = True
    while True:
        try:
            answer = _post(draw.choice(replicas), path, {"sessionId": session})
            if answer.status_code == 200 or (answer.status_code == 409 and not first):
                return
            raise _not_ok(answer)
        except Unanswered as error:
            if time.monotonic() - start > PATIENCE_S:
                raise Stuck(f"{session} could not be created: {error}") from error
            time.sleep(_PAUSE_S)
        first = False


def read(replica: Replica, user: str, session: str) -> dict[str, Any] | None:
    """The session as this replica shows it; None when there is none.

    A store that does not answer for a moment (503) is asked again: only its contents count.
    """
    start, path = time.monotonic(), f"/apps/{APP}/users/{user}/sessions/{session}"
    while (answer := replica.http.get(path)).status_code == 503:
        if time.monotonic() - start > PATIENCE_S:
            break
        time.sleep(_PAUSE_S)
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    shown: dict[str, Any] = answer.json()
    return shown


def history(replica: Replica, user: str, session: str) -> Events:
    """The events of a session; none when it is gone."""
    shown = read(replica, user, session)
    return [] if shown is None else list(shown.get("events", []))


def _post(replica: Replica, path: str, content: Mapping[str, Any]) -> httpx.Response:
    try:
        return replica.http.post(path, json=content)
    except httpx.TransportError as error:
        raise Unanswered(f"{type(error).__name__} from {replica.name}") from error


def _not_ok(answer: httpx.Response) -> Exception:
    told = f"{answer.status_code} {answer.text[:200]}"
    final = 400 <= answer.status_code < 500 and answer.status_code not in (409, 429)
    return Stuck(told) if final else Unanswered(told)


def _listed(answer: httpx.Response) -> Events:
    events: Events = answer.json()
    return events


def _streamed(text: str) -> Events:
    events = [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]
    for event in events:
        if "error" in event:
            raise Unanswered(str(event["error"])[:200])
    complete = [event for event in events if not event.get("partial")]
    if not complete or "text" not in complete[-1]["content"]["parts"][-1]:
        raise Unanswered("the stream ended before its last event")
    return complete
