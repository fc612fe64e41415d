"""Shared by the measuring processes of `tests.bench.load`: a profile, a player, its records."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
REQUEST = {
    "appName": "a",
    "userId": "u",
    "sessionId": "s",
    "newMessage": {"role": "user", "parts": [{"text": "Where is my order ORD-58291?"}]},
}
"""The request of the other load generators."""


def environment() -> Any:
    """A Locust of this process alone."""
    from locust.env import Environment

    made = Environment()
    made.create_local_runner()
    return made


def profile(rate: float, seconds: float, turns: int = 1, think_s: float = 1.0) -> Any:
    """`rate` conversations a second for so long; nearly all take all the turns, at even pauses."""
    from loadtests.profiles import profile as profiles

    values = profiles.load("smoke").to_dict()
    values["time"] = {**values["time"], "compression": 60, "ttl_seconds": 7200}
    values["load"] = {**values["load"], "base_rate": rate, "max_open": 20_000}
    # On a slow machine, late arrivals must count as late and must not be dropped.
    values["load"]["late_after_s"] = 3600
    values["phase"] = [{"name": "hold", "minutes": seconds, "hold": 1}]
    values["spike"] = []
    talk = values["conversation"]
    # A mean of 50, the most there is: one in fifty leaves after each turn, the others stay.
    talk.update(mean_turns=50 if turns > 1 else 1, max_turns=turns)
    talk.update(abandon_share=0, delete_share=0, stream_share=0)
    talk.update(think_median=think_s * 60, think_sigma=0.0, deadline_s=60, attempt_timeout_s=60)
    # Returning customers would wait for most of the TTL, or longer.
    talk.update(return_within_ttl=0, return_after_ttl=0)
    return profiles.from_dict(values)


def player(
    url: str, load: Any, folder: str, observe: Callable[..., None] | None = None
) -> tuple[Any, Any]:
    """A player of `load` that writes its records to `folder`, and the clock of its run."""
    from loadtests.arrivals import arrivals
    from loadtests.generator import settings
    from loadtests.generator.player import Player
    from loadtests.locustfile import observer
    from reports.records import RecordWriter, RunClock

    values = {
        "schema_version": 1,
        "run_id": "bench",
        "origin": time.time(),
        "seed": 1,
        "app": "a",
        "target": url,
        "ttl_seconds": load.real_ttl_seconds,
        "profile": load.to_dict(),
    }
    run = settings.parse(Path(folder) / "run.json", values)
    clock, writer = RunClock(run.origin), RecordWriter(Path(folder))
    observe = observe or observer(environment())
    planned = arrivals.count(load, run.seed)
    return Player(run, url, clock, writer, observe, _broken, planned=planned), clock


def _broken() -> None:
    sys.exit("the generator broke")


def records(folder: str, kind: type[T]) -> list[T]:
    """The records of a kind that a player has written."""
    from reports.records import FILES, from_json

    lines = (Path(folder) / FILES[kind]).read_bytes().splitlines()
    return [from_json(kind, line) for line in lines]
