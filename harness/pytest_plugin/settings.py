"""How the runs of one test are played: its marker, the command line and the ini file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diya_options
import diya_start
from diya_options import Kind, Option
from harness.fleet_kinds import DEFAULT, FLEETS
from harness.pytest_plugin.errors import PlanError
from reports.basics.suggestions import nearest

if TYPE_CHECKING:
    import pytest


TARGET = "target"
"""The environment of a test whose service runs already."""
ENVIRONMENTS = (*(name for name, kind in FLEETS.items() if not kind.plays_load), TARGET)


@dataclass(frozen=True)
class Settings:
    """The options of `diya readiness`, as far as tests choose them."""

    env: str
    out: Path
    root: Path
    """The base of relative paths in the marker, and of modules of session services."""
    inconclusive: str = "fail"
    profile: str = "smoke"
    replicas: int = 3
    seed: int | None = None
    sessions: str = "redis"
    redis: str | None = None
    app: str | None = None
    agent: str | None = None
    """The folder of the repository's own agent; in an image or at a target its name is the app."""
    model: str | None = None
    """The model of the agent: `stand-in`, `real` or `own`; None: stand-in for an agent of the
    repository's own in processes.  A target has its own."""
    latency: str | None = None
    """How fast the model's stand-in answers."""
    tools: str | None = None
    """The agent's tools that really run with the model's stand-in; None: none of them."""
    quota: str | None = None
    """Requests and tokens a minute that the model's stand-in allows."""
    journeys: str | None = None
    scale: str | None = None
    """The factor on all rates of the profile; None or `auto`: as much as this machine carries."""
    target: str | None = None
    door: str | None = None
    model_url: str | None = None
    authorised: bool = False
    ttl: float | None = None
    """How long a target or a session service keeps a session, in seconds; diya's own fleet has the
    profile's TTL."""
    token_env: str | None = None
    token_command: str | None = None
    header: tuple[str, ...] = ()
    """Headers of every request to a target, each `NAME=VARIABLE`."""
    client_cert: str | None = None
    client_key: str | None = None
    replica_header: str | None = None
    target_replicas: int | None = None
    experiment: str | None = None
    """The file of the faults that are done to a target."""
    break_target: bool = False
    session_service_uri: str | None = None
    artifact_service_uri: str | None = None
    memory_service_uri: str | None = None
    image: str | None = None
    redis_image: str | None = None
    envoy_image: str | None = None
    health_path: str | None = None
    pass_env: tuple[str, ...] = ()
    aof: str | None = None
    baseline: tuple[str, ...] = ()
    """The runs that `… not worse than LABEL by …` compares with, each `[LABEL=]DIR|FILE`."""
    same_machine: bool = False
    """The baseline was played on this machine, whose speed is steady."""
    undecided: str = "pass"
    """Whether a comparison without a decision fails the test: `pass` or `fail`."""

    @property
    def in_containers(self) -> bool:
        """Whether the fleet runs images."""
        return self.env in FLEETS and FLEETS[self.env].in_containers

    def arguments(self) -> list[str]:
        """The arguments of `diya readiness`, without the experiment."""
        given: dict[str, object] = {
            "--profile": self.profile,
            "--seed": self.seed,
            "--journeys": self.journeys,
            "--scale": self.scale,
            "--out": self.out,
        }
        if self.env != TARGET and not self.in_containers:
            given["--agent"] = self.agent
            given["--app"] = self.app
        else:
            given["--app"] = self.app or (self.agent and Path(self.agent).name)
        if self.env == TARGET:
            given["--experiment"] = self.experiment
        else:
            for name in ("model", "latency", "tools", "quota"):
                given[f"--{name}"] = getattr(self, name)
            given["--replicas"] = self.replicas
            given["--sessions"] = self.sessions
            given["--aof"] = self.aof
        if self.in_containers:
            given["--env"] = self.env
            given["--image"] = self.image
            given["--redis-image"] = self.redis_image
            given["--envoy-image"] = self.envoy_image
            given["--health-path"] = self.health_path
        else:
            given["--redis"] = self.redis
        # In one word, so that a value may begin with a dash.
        words = [f"{option}={value}" for option, value in given.items() if value is not None]
        words += [word for option in self._shared() for word in self._words(option)]
        passed = self.pass_env if self.in_containers else ()
        return [*words, *(f"--pass-env={name}" for name in passed)]

    def _shared(self) -> tuple[Option, ...]:
        """Those of the options that `diya readiness` shares which mean something here.

        Services are named to every fleet, because one that has its own must refuse them.
        """
        if self.env == TARGET:
            return diya_options.SHARED
        if self.in_containers:
            return diya_options.SERVICES
        ttl = (diya_options.TTL,) if self.session_service_uri is not None else ()
        return (*ttl, *diya_options.SERVICES, diya_options.AUTHORISED)

    def _words(self, option: Option) -> list[str]:
        value = getattr(self, option.name)
        if option.kind == "flag":
            return [option.flag] if value else []
        values = value if option.kind == "words" else [] if value is None else [value]
        return [f"{option.flag}={each}" for each in values]


_CHOICES = {
    "env": ENVIRONMENTS,
    **{option.name: option.choices for option in diya_options.SHARED if option.choices},
    "inconclusive": ("fail", "skip"),
    "undecided": ("pass", "fail"),
}
_CHOSEN = (
    *("env", "agent", "journeys", "scale", "experiment"),
    *(option.name for option in diya_options.SHARED),
    *("model", "latency", "tools", "quota"),
    *("image", "redis_image", "envoy_image", "health_path", "pass_env", "inconclusive"),
    *("baseline", "same_machine", "undecided"),
)
_MARKED = tuple(each.name for each in fields(Settings) if each.name not in ("out", "root"))
_MAY_BE_NONE = {each.name for each in fields(Settings) if each.default is None}


def of(request: pytest.FixtureRequest) -> Settings:
    """The settings of a test.  Raises PlanError for a marker that cannot be used."""
    config = request.config
    values: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("readiness"))):
        if mark.args:
            raise PlanError(
                f"@pytest.mark.readiness({mark.args[0]!r}): must have names: {', '.join(_MARKED)}"
            )
        for name, value in mark.kwargs.items():
            if name not in _MARKED:
                raise PlanError(f"@pytest.mark.readiness({name}=…){not_known(name, _MARKED)}")
            values[name] = value
    # The command line overrides markers and the ini file.
    for name in _CHOSEN:
        chosen = config.getoption(f"diya_{name}")
        if not chosen and name != "inconclusive" and name not in values:
            chosen = config.getini(f"diya_{name}")
        if chosen:
            values[name] = chosen
    values = {name: checked(name, value) for name, value in values.items()}
    values.setdefault("env", TARGET if values.get("target") else DEFAULT)
    for name, known in _CHOICES.items():
        if values.get(name) is not None and values[name] not in known:
            raise PlanError(f"{name} = {values[name]!r}{not_known(values[name], known)}")
    if values["env"] == TARGET and not values.get("target"):
        raise PlanError("env = 'target': must come with --diya-target URL")
    in_containers = values["env"] in FLEETS and FLEETS[values["env"]].in_containers
    if in_containers and values.get("agent") and not values.get("image"):
        raise PlanError(
            f"agent = {values['agent']!r}: in containers it comes in an image of yours, and "
            "--diya-image IMAGE must be given"
        )
    package = values.get("sessions", "").partition(".")[0]
    if package in diya_start.ROOMS:
        raise PlanError(
            f"sessions = {values['sessions']!r}: must be in a package of another name; diya has a "
            f"package {package!r} too"
        )
    if in_containers and values.get("redis"):
        raise PlanError(
            f"redis = {values['redis']!r}: in containers Redis comes in an image; use "
            "redis_image='…' or env='process'"
        )
    out = Path(config.getoption("diya_out") or config.getini("diya_out") or "runs").expanduser()
    return Settings(root=config.rootpath, out=config.rootpath / out, **values)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise TypeError
    return names


def _words(value: Any) -> str:
    if not isinstance(value, str | Path):
        raise TypeError
    return str(value)


def _factor(value: Any) -> str:
    return value if value == "auto" else f"{_number(value):.17g}"


def _count(value: Any) -> int:
    """A whole number that may come from the command line or the ini file."""
    return int(value) if isinstance(value, str) else _whole(value)


_SHARED_KINDS: dict[Kind, tuple[Callable[[Any], Any], str]] = {
    "seconds": (_number, "a number of seconds"),
    "flag": (_flag, "True or False"),
    "words": (_names, "a list of names"),
    "whole": (_count, "a whole number"),
}
_KINDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    **{o.name: _SHARED_KINDS[o.kind] for o in diya_options.SHARED if o.kind != "word"},
    "replicas": (_whole, "a whole number"),
    "seed": (_whole, "a whole number"),
    "scale": (_factor, "auto or a number"),
    "pass_env": (_names, "a list of names"),
    "baseline": (_names, "a list of names"),
    "same_machine": (_flag, "True or False"),
}
_WORDS = (_words, "a string")


_PATHS = frozenset({"agent", "experiment", "journeys", "profile"})
"""Settings that may be a path, whose `~` no shell expands in an ini file."""


def checked(name: str, value: Any) -> Any:
    """The value, of the type that it must have.  Raises PlanError for another one."""
    if value is None and name in _MAY_BE_NONE:
        return None
    read, wanted = _KINDS.get(name, _WORDS)
    try:
        found = read(value)
    except (TypeError, ValueError):
        raise PlanError(f"{name} = {value!r}: must be {wanted}") from None
    return os.path.expanduser(found) if name in _PATHS else found


_OPTION = re.compile(
    rf"--({'|'.join(name.replace('_', '-') for name in _CHOSEN)})(?![\w-])",
)


def as_pytest_says(sentence: str) -> str:
    """A sentence of `diya readiness`, with pytest's names for its options."""
    return _OPTION.sub(r"--diya-\1", sentence)


def not_known(word: object, known: Iterable[str]) -> str:
    """` is not known (did you mean …?)`, or the whole list when nothing is similar."""
    return f" is not known{nearest(str(word), known, most=2)}"
