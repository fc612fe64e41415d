"""Rows for agents as users write them: diya stands in for their model and bears witness for it."""

from __future__ import annotations

from dataclasses import replace

from tests.agents.shapes import HERE as AGENTS
from tests.agents.shapes import LESS, WHOLE, Shape
from tests.calibrate.system import System


def _agent(
    folder: str,
    what: str,
    convicts: str | None = None,
    *,
    sessions: str = "redis",
    profile: str = "patient",
    experiment: str = "one-kill.yaml",
) -> System:
    """A row for an agent of `tests/agents`, whose own tools are called."""
    return System(
        folder.replace("_", "-"),
        what,
        sessions,
        convicts,
        profile=profile,
        experiment=experiment,
        options=("--agent", str(AGENTS / folder), "--tools", "all"),
    )


def _shape(shape: Shape) -> System:
    # The plainest agent has both faults of the smoke experiment: a replica is killed, and Redis.
    experiment = "smoke" if shape is WHOLE[0] else "one-kill.yaml"
    return _agent(shape.folder, f"ours, under an agent: {shape.what}", experiment=experiment)


BAD = (
    _agent(
        "shop_stale_cache",
        "an agent with its own copy of each conversation in each replica",
        "continuity.context_missed",
    ),
    _agent(
        "shop_amnesia",
        "an agent whose plugin forgets the first message after a restart of its replica",
        "continuity.context_missed",
        profile="long",
        experiment="rolling.yaml",
    ),
    replace(
        _agent(
            "shop_gemini",
            "an agent whose replicas each keep their sessions in memory, behind a balancer",
            "continuity.lost",
            sessions="memory",
            experiment="none",
        ),
        name="shop-in-memory",
    ),
)
GOOD = tuple(_shape(each) for each in (*WHOLE, *LESS))
