"""The planned conversations of a simulated load, with every random draw of their turns.

The arrivals, conversations and draws of the scripted model are those of a real load with the same
seed, because the same functions make them.  Planning a conversation takes longer than simulating
it, so plans are reused: for other rates, other numbers of replicas and other calibrations of CPU.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loadtests.arrivals import arrivals, conversation
from loadtests.arrivals.conversation import ConversationPlan, Ending
from loadtests.arrivals.seeds import derive
from loadtests.profiles.journeys import Book
from loadtests.profiles.profile import Profile
from loadtests.simulation.calibration import Calibration
from reports.records import Arrival, digest
from target_service.agents.shopmax import orders
from target_service.model import intents, latency

TEXT, TOOL, STREAMED_TEXT, STREAMED_TOOL = range(4)
"""The kinds of turns: TOOL takes a tool call and a second model call; 2 is added when streamed."""
RUN_ID = "simulated"
LIBRARY = 4000
"""The number of planned conversations from which a large load draws."""
_WITHOUT_TOOL = ("thanks", "product")


class PlannedTurn(NamedTuple):
    """One turn, before anything runs."""

    think_s: float
    """The pause before it; 0 for the first."""
    kind: int
    noise: float
    """The factor on its CPU, 1 on average."""
    model_s: tuple[float, ...]
    """Seconds of each model call; the last one includes the text."""
    first_token_s: float
    """Of the last call: seconds until its first words."""


@dataclass(slots=True)
class PlannedTalk:
    """One conversation, before anything runs."""

    index: int
    due: float
    """Seconds after the start of the load."""
    seed: int
    """Seeds the customer's retries."""
    deletes: bool
    """The customer deletes the session at the end."""
    turns: tuple[PlannedTurn, ...]
    plan: ConversationPlan | None = None
    """None: drawn from the library, without texts."""


def exact(
    profile: Profile,
    seed: int,
    calibration: Calibration,
    book: Book | None = None,
    run_id: str = RUN_ID,
) -> Iterator[PlannedTalk]:
    """The conversations of a real load of this profile and seed, in order of their arrival.

    `book` holds the journeys, ShopMax's when None.
    """
    for arrival in arrivals.stream(profile, seed):
        plan = conversation.plan(profile, arrival, run_id, book)
        yield _planned(plan, arrival.due, calibration)


def library(
    profile: Profile, seed: int, calibration: Calibration, book: Book | None = None, size: int = 0
) -> list[PlannedTalk]:
    """Planned conversations from which `drawn` takes those of a large load.

    They are the first `size` conversations of the profile's journeys; `LIBRARY` when 0.
    """
    rng = random.Random(derive(seed, "library"))
    names, weights = list(profile.journeys), list(profile.journeys.values())
    talks = []
    for index in range(size or LIBRARY):
        journey = rng.choices(names, weights)[0]
        arrival = Arrival(index, 0.0, journey, derive(seed, "library", index))
        plan = conversation.plan(profile, arrival, RUN_ID, book)
        talk = _planned(plan, 0.0, calibration)
        talk.plan = None
        talks.append(talk)
    return talks


def drawn(dues: Iterable[float], talks: Sequence[PlannedTalk], seed: int) -> Iterator[PlannedTalk]:
    """Conversations that begin at `dues`, each drawn from `talks` with its own seed."""
    rng = random.Random(derive(seed, "drawn"))
    pick, bits = rng.random, rng.getrandbits
    count = len(talks)
    for index, due in enumerate(dues):
        talk = talks[int(pick() * count)]
        yield PlannedTalk(index, due, bits(48), talk.deletes, talk.turns)


def dues(profile: Profile, seed: int) -> Iterator[float]:
    """The times of all arrivals of a real load of this profile and seed, in order."""
    return (arrival_due for arrival_due, _ in arrivals.all_dues(profile, seed))


def steady_dues(conversations_per_s: float, seconds: float, seed: int) -> Iterator[float]:
    """Arrivals of a Poisson process with a constant rate, for this many seconds.

    The same seed has the same process at every rate, compressed in time, so that two rates are
    compared with common random numbers.
    """
    clock = random.Random(derive(seed, "arrivals"))
    gap = 1 / conversations_per_s
    due = 0.0
    while True:
        due -= gap * math.log(1.0 - clock.random())
        if due >= seconds:
            return
        yield due


def _planned(plan: ConversationPlan, due: float, calibration: Calibration) -> PlannedTalk:
    rng = random.Random(derive(plan.seed, "simulation"))
    think = (0.0, *plan.think_seconds)
    calls, share = _calls(plan.messages), calibration.model_calls
    if share is not None:
        # Another agent: its calls are drawn, and so are their contents.
        calls = ((rng.random() < share - 1, *rest) for _, *rest in calls)  # type: ignore[misc]
    turns = tuple(
        _turn(pause, tool, witness, contents, plan.streaming, calibration, rng)
        for pause, (tool, witness, contents) in zip(think, calls, strict=True)
    )
    return PlannedTalk(plan.index, due, plan.seed, plan.ending is Ending.DELETED, turns, plan)


def _turn(
    think_s: float,
    tool: bool,
    witness: str,
    contents: int,
    streaming: bool,
    calibration: Calibration,
    rng: random.Random,
) -> PlannedTurn:
    median = calibration.model_first_token_s
    words = rng.choice(calibration.tool_words if tool else calibration.text_words)
    flows = latency.streamed_s if streaming else latency.text_s
    text_s = flows(words, calibration.model_tokens_per_s)
    calls = [latency.first_token_s(witness, contents, median)]
    if tool:
        # The second call is also shown the tool's call and its result.
        calls.append(latency.first_token_s(witness, contents + 2, median))
    first_token_s = calls[-1]
    calls[-1] += text_s
    kind = tool + 2 * streaming
    return PlannedTurn(think_s, kind, noise(calibration.cpu_cv, rng), tuple(calls), first_token_s)


def noise(cv: float, rng: random.Random) -> float:
    """A factor of mean 1 with this coefficient of variation, from a Gamma distribution."""
    return rng.gammavariate(cv**-2, cv**2) if cv > 0 else 1.0


def _calls(messages: Sequence[str]) -> Iterator[tuple[bool, str, int]]:
    """For each turn: whether the agent calls a tool, the model's witness, the contents it is shown.

    ShopMax's scripted agent calls a tool unless the topic needs none, or no order was named.  A
    turn leaves two contents in the history (message, reply), and with a tool two more.
    """
    rolled, before, named = "", 0, False
    for number, message in enumerate(messages):
        rolled = digest(rolled + digest(message))
        named = named or orders.ORDER_ID.search(message) is not None
        wanted = intents.topic(messages[: number + 1]) not in _WITHOUT_TOOL
        tool = wanted and named
        yield tool, rolled, before + 1
        # The agent's question for the order's number names one as an example.
        named = named or wanted
        before += 4 if tool else 2
