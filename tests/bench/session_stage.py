"""Conversations of any length with every session service, and turns played in lockstep."""

from __future__ import annotations

import gc
import random
import re
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable

from google.adk.events.event import Event
from google.adk.runners import Runner
from google.adk.sessions.session import Session
from google.genai import types

from target_service.agents.shopmax import agent
from target_service.settings import from_environment
from tests.bench.session_services import APP, USER, Contender

MESSAGES = (
    "Hello, I ordered a gift for my parents and I am worried about it: order ORD-58291 was placed "
    "last week. Could you please tell me where it is now?",
    "And when exactly will it arrive? We are travelling for Diwali and I want to be sure that "
    "somebody is at home to receive it, so please check again for me.",
)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Samples = dict[str, list[float]]
"""Service → seconds of CPU, turn by turn; the same place is the same turn in each."""


class Stage:
    """The contenders, each with its own runner."""

    def __init__(self, chosen: Iterable[Contender], recorded: Stage | None = None) -> None:
        """With the sessions that another stage has `recorded`."""
        quick = {"DIYA_MODEL_TTFT_MS": "0", "DIYA_MODEL_TOKENS_PER_S": "1e12"}
        config = from_environment(quick)
        self.chosen = list(chosen)
        self._runners = {
            each.name: Runner(app_name=APP, agent=agent.build(config), session_service=each.service)
            for each in self.chosen
        }
        self._turns: list[list[Event]] = recorded._turns if recorded else []

    async def play(self, each: Contender, session_id: str, turn: int) -> None:
        """One whole turn, the first being 0."""
        text = MESSAGES[min(turn, 1)]
        message = types.Content(role="user", parts=[types.Part(text=text)])
        async with each.guard(session_id):
            async for _ in self._runners[each.name].run_async(
                user_id=USER, session_id=session_id, new_message=message
            ):
                pass

    async def record(self, each: Contender) -> None:
        """Play the first two turns, so that `seat` can begin others in the middle."""
        await each.service.create_session(app_name=APP, user_id=USER, session_id="recorded")
        for turn in range(len(MESSAGES)):
            await self.play(each, "recorded", turn)
            session = await _session(each, "recorded")
            before = sum(len(turn) for turn in self._turns)
            self._turns.append(session.events[before:])

    async def seat(self, each: Contender, session_id: str, turns: int) -> None:
        """A session that holds so many turns already: from the second on the recorded one again."""
        async for _ in self._seating(each, session_id, turns):
            pass

    async def seat_all(self, session_id: str, turns: int) -> None:
        """The same for everybody, turn by turn: no history lies closer together in memory than
        another, which alone makes its turns some percent cheaper.
        """
        seatings = [self._seating(each, session_id, turns) for each in self.chosen]
        for _ in range(turns):
            for seating in seatings:
                await anext(seating)
        for seating in seatings:
            await anext(seating, None)

    async def _seating(self, each: Contender, session_id: str, turns: int) -> AsyncIterator[None]:
        await each.service.create_session(app_name=APP, user_id=USER, session_id=session_id)
        session = await _session(each, session_id)
        for turn in range(turns):
            async with each.guard(session_id):
                for event in _with_own_ids(self._turns[min(turn, len(MESSAGES) - 1)]):
                    await each.service.append_event(session, event)
            yield

    async def lockstep(
        self,
        seats: dict[str, tuple[str, int]],
        turns: int,
        *,
        order: random.Random,
        own: bool = False,
    ) -> Samples:
        """All take the same turn one after the other, in an order that changes, then the next.

        `seats`: a name → the session's id, and the number of its turns.  The name is that of a
        contender, optionally followed by `/` and a suffix.  With `own`, the CPU inside the
        service's own calls is counted, else all of it.
        """
        by_name = {each.name: each for each in self.chosen}
        samples: Samples = defaultdict(list)
        for turn in range(turns):
            for name in order.sample(sorted(seats), len(seats)):
                each, (session_id, held) = by_name[name.partition("/")[0]], seats[name]
                # A turn pays for its own garbage only: at 200 turns a quarter of a turn is garbage
                # collection, and its timing would decide more than the service.
                gc.collect()
                gc.freeze()
                each.clock.take()
                begun = time.process_time()
                await self.play(each, session_id, held + turn)
                spent = time.process_time() - begun
                samples[name].append(each.clock.take() if own else spent)
        return samples


async def _session(each: Contender, session_id: str) -> Session:
    session = await each.service.get_session(app_name=APP, user_id=USER, session_id=session_id)
    assert session is not None
    return session


def _with_own_ids(turn: list[Event]) -> list[Event]:
    """The same turn again: every id in it is another, and the same ones are still the same."""
    ids: dict[str, str] = defaultdict(lambda: str(uuid.uuid4()))
    return [
        Event.model_validate_json(_UUID.sub(lambda found: ids[found[0]], event.model_dump_json()))
        for event in turn
    ]


def ratio(samples: Samples, of: str, to: str, average: Callable[[list[float]], float]) -> float:
    """`of` to `to`, turn by turn, averaged."""
    return average([one / other for one, other in zip(samples[of], samples[to], strict=True)])
