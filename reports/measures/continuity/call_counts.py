"""The calls of the model in numbers, for `result.json`."""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from reports.measures.continuity.called_tools import ModelTool, called_tools
from reports.measures.continuity.joined_calls import NOBODY, SEVERAL, join
from reports.measures.continuity.learned import Habit, learn
from reports.records.history import History

_Shows = Literal[
    "everything", "less by design", "less at some replicas", "less at times", "not seen"
]
_HABITS: Final[dict[Habit, _Shows]] = {
    Habit.WHOLE: "everything",
    Habit.BY_DESIGN: "less by design",
    Habit.OTHER_REPLICA: "less at some replicas",
    Habit.UNCLEAR: "less at times",
    Habit.UNSEEN: "not seen",
}


_Count = Annotated[int, Meta(ge=0)]


class ModelAgent(Struct, frozen=True, kw_only=True):
    """An agent that called the model."""

    name: str
    """ADK's name of the agent; empty: its requests do not say it."""
    calls: _Count
    """Its calls in the load that belong to a turn."""
    shows: _Shows
    """How much of a conversation it shows its model without a fault. Less by design: it is not
    judged. Less at times, or not seen: its omissions are unknown."""


class ModelCalls(Struct, frozen=True, kw_only=True):
    """The calls of the model that a stand-in played."""

    calls: _Count
    """Calls since the load began."""
    rehearsal: _Count
    """Calls before the load."""
    of_several: _Count
    """Calls of the load that may be of several turns, whose customers said the same words at the
    same time."""
    of_nobody: _Count
    """Calls of the load that belong to no turn."""
    errors: _Count
    """Calls that were answered with an error."""
    refused: dict[str, _Count]
    """Calls that the quota refused, by the quota: `requests` or `tokens`."""
    by_replica: dict[str, _Count]
    """Calls of the load, by the replica that called."""
    agents: list[ModelAgent]
    """The agents that called, by their names in ADK."""
    tools: list[ModelTool]
    """The agents' own tools that the stand-in called."""


def call_counts(history: History) -> ModelCalls | None:
    """The numbers of the load; None: no stand-in played the model."""
    calls = history.calls
    if not len(calls):
        return None
    joined = history.once(join)
    begun = -math.inf if history.load_start is None else history.load_start
    load = [call for call, t in enumerate(calls.t) if t >= begun]
    callers = Counter(calls.callers[calls.caller[call]] for call in load)
    callers.pop("", None)
    owners = Counter(min(joined.owner[call], 0) for call in load)
    agents = history.once(learn).agents
    by_agent = Counter(
        calls.agents[calls.agent[call]] for call in load if joined.owner[call] != NOBODY
    )
    return ModelCalls(
        calls=len(load),
        rehearsal=len(calls) - len(load),
        of_several=owners[SEVERAL],
        of_nobody=owners[NOBODY],
        errors=calls.errors,
        refused=dict(calls.refused),
        by_replica=dict(sorted(callers.items())),
        agents=[
            ModelAgent(name=name, calls=by_agent[name], shows=_HABITS[agent.habit])
            for name, agent in sorted(agents.items())
        ],
        tools=called_tools(history),
    )
