"""The calls of the model in numbers, for `result.json`."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from reports.measures.continuity.called_tools import called_tools
from reports.measures.continuity.joined_calls import NOBODY, SEVERAL, join
from reports.measures.continuity.learned import Habit, learn
from reports.records.history import History

_HABITS = {
    Habit.WHOLE: "everything",
    Habit.BY_DESIGN: "less by design",
    Habit.OTHER_REPLICA: "less at some replicas",
    Habit.UNCLEAR: "less at times",
    Habit.UNSEEN: "not seen",
}


def call_counts(history: History) -> dict[str, Any] | None:
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
    return {
        "calls": len(load),
        "rehearsal": len(calls) - len(load),
        "of_several": owners[SEVERAL],
        "of_nobody": owners[NOBODY],
        "errors": calls.errors,
        "refused": dict(calls.refused),
        "by_replica": dict(sorted(callers.items())),
        "agents": [
            {"name": name, "calls": by_agent[name], "shows": _HABITS[agent.habit]}
            for name, agent in sorted(agents.items())
        ],
        "tools": called_tools(history),
    }
