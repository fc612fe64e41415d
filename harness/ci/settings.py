"""How the runs of one test are played: its marker, the command line and the ini file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from harness.ci.errors import PlanError


@dataclass(frozen=True)
class Settings:
    """The options of `diya readiness`, as far as tests choose them."""

    env: str
    out: Path
    root: Path
    """Relative paths in the marker start here, and so do modules of session services."""
    inconclusive: str = "fail"
    profile: str = "smoke"
    replicas: int = 3
    seed: int | None = None
    sessions: str = "redis"
    redis: str | None = None
    app: str | None = None
    agent: str | None = None
    """The folder of the repository's own agent; in an image or at a target its name is the app."""
    journeys: str | None = None
    target: str | None = None
    image: str | None = None
    redis_image: str | None = None
    envoy_image: str | None = None
    aof: str | None = None

    def arguments(self) -> list[str]:
        """The arguments of `diya readiness`, without the experiment."""
        given: dict[str, object] = {
            "--profile": self.profile,
            "--seed": self.seed,
            "--journeys": self.journeys,
            "--out": self.out,
        }
        if self.env == "process":
            given["--agent"] = self.agent
            given["--app"] = self.app
        else:
            given["--app"] = self.app or (self.agent and Path(self.agent).name)
        if self.env == "target":
            given["--target"] = self.target
        else:
            given["--replicas"] = self.replicas
            given["--sessions"] = self.sessions
            given["--aof"] = self.aof
        if self.env == "containers":
            given["--env"] = self.env
            given["--image"] = self.image
            given["--redis-image"] = self.redis_image
            given["--envoy-image"] = self.envoy_image
        if self.env in ("process", "target"):
            given["--redis"] = self.redis
        return [
            word
            for option, value in given.items()
            if value is not None
            for word in (option, str(value))
        ]


_CHOICES = {"env": ("process", "containers", "target"), "inconclusive": ("fail", "skip")}
_CHOSEN = (
    *("env", "target", "agent", "journeys", "image", "redis_image", "envoy_image"),
    "inconclusive",
)
_MARKED = tuple(each.name for each in fields(Settings) if each.name not in ("out", "root"))


def of(request: pytest.FixtureRequest) -> Settings:
    """The settings of a test.  Raises PlanError for a marker that says what cannot be."""
    config = request.config
    values: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("readiness"))):
        if mark.args:
            raise PlanError(
                f"@pytest.mark.readiness({mark.args[0]!r}): names were expected: "
                f"{', '.join(_MARKED)}"
            )
        for name, value in mark.kwargs.items():
            if name not in _MARKED:
                raise PlanError(f"@pytest.mark.readiness({name}=…){nearest(name, _MARKED)}")
            values[name] = value
    # What stands on the command line was said last.
    for name in _CHOSEN:
        if chosen := config.getoption(f"diya_{name}") or (
            None if name in ("target", "inconclusive", *values) else config.getini(f"diya_{name}")
        ):
            values[name] = chosen
    values.setdefault("env", "target" if values.get("target") else "process")
    for name, known in _CHOICES.items():
        if name in values and values[name] not in known:
            raise PlanError(f"{name} = {values[name]!r}{nearest(values[name], known)}")
    if values["env"] == "target" and not values.get("target"):
        raise PlanError("env = 'target': --diya-target URL was expected beside it")
    if values["env"] == "containers" and values.get("agent") and not values.get("image"):
        raise PlanError(
            f"agent = {values['agent']!r}: in containers it comes in an image of yours, and "
            "--diya-image IMAGE was expected beside it"
        )
    out = Path(config.getoption("diya_out") or config.getini("diya_out") or "runs")
    return Settings(root=config.rootpath, out=config.rootpath / out, **values)


def nearest(word: object, known: Iterable[str]) -> str:
    """` is not known (did you mean …?)`, or the whole list when nothing is near."""
    choices = list(known)
    near = difflib.get_close_matches(str(word), choices, n=2)
    if near:
        return f" is not known (did you mean {' or '.join(near)}?)"
    return f" is not known (there are {', '.join(choices)})"
