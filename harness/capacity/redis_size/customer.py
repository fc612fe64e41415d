"""Plays conversations at one replica, one turn after the other and without think times."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from chaos.errors import ChaosError
from chaos.fleet.ports import LOOPBACK
from loadtests.arrivals import conversation
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.arrivals.seeds import derive
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from reports.records import Arrival

_APP = "shopmax"
_ANSWER_S = 20.0
_GOLDEN = (5**0.5 - 1) / 2


def plans(
    profile: Profile, run: str, book: Book | None = None, *, turns: int | None = None
) -> Iterator[ConversationPlan]:
    """Conversations without end, journeys evenly in their shares, always the same ones.

    `run` stands in the ids of users and sessions where a run's id stands.  With `turns` each has
    exactly this many turns; else their numbers are those of the profile.
    """
    talk = profile.conversation
    if turns is not None:
        talk = replace(talk, mean_turns=1e9, abandon_share=0, max_turns=turns)
    profile = replace(profile, conversation=talk)
    names, total = list(profile.journeys), sum(profile.journeys.values())
    number = 0
    while True:
        moment, place = (number + 0.5) * _GOLDEN % 1 * total, 0
        while place < len(names) - 1 and moment >= profile.journeys[names[place]]:
            moment -= profile.journeys[names[place]]
            place += 1
        arrival = Arrival(number, 0.0, names[place], derive("redis size", run, number))
        yield conversation.plan(profile, arrival, run, book)
        number += 1


class Gone(ChaosError):
    """There is no such session, or no longer."""


class Customer:
    """A client of one replica; a context manager."""

    def __init__(self, port: int) -> None:
        """The replica is on this loopback port."""
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_ANSWER_S)

    def __enter__(self) -> Customer:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def open(self, plan: ConversationPlan) -> None:
        """Create the session of a conversation.  Raises ChaosError."""
        # A replica closes a connection that was idle, as it is while Redis is filled.
        self._connection.close()
        self._post(f"/apps/{_APP}/users/{plan.user}/sessions", {"sessionId": plan.session})

    def say(self, plan: ConversationPlan, turn: int, other: tuple[str, str] | None = None) -> None:
        """Play one turn of a conversation, in its session or in the `other` one (user, session).

        Raises Gone when there is no such session, ChaosError when it fails otherwise.
        """
        user, session = other or (plan.user, plan.session)
        # A copied session has turns of this name: they would be answered without being run.
        turn_id = f"c{plan.index}t{turn}" if other is None else f"again-c{plan.index}t{turn}"
        body = {
            "appName": _APP,
            "userId": user,
            "sessionId": session,
            "newMessage": {"role": "user", "parts": [{"text": plan.messages[turn]}]},
            "customMetadata": {"turn_id": turn_id},
        }
        self._post("/run", body)

    def converse(self, plan: ConversationPlan) -> list[float]:
        """Play a whole conversation; returns the seconds of each turn.  Raises ChaosError."""
        self.open(plan)
        moments = [time.monotonic()]
        for turn in range(len(plan.messages)):
            self.say(plan, turn)
            moments.append(time.monotonic())
        return [end - begin for begin, end in itertools.pairwise(moments)]

    def _post(self, path: str, body: dict[str, Any]) -> None:
        payload = json.dumps(body, ensure_ascii=False).encode()
        try:
            self._connection.request("POST", path, payload, {"content-type": "application/json"})
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ChaosError(f"the replica did not answer POST {path}: {error!r}") from None
        if answer.status != 200:
            said = text[:200].decode(errors="replace")
            kind = Gone if answer.status == HTTPStatus.NOT_FOUND else ChaosError
            raise kind(f"the replica answered {answer.status} to POST {path}: {said}")
