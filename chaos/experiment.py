"""Experiments: planned faults, in the format of the Chaos Toolkit.

What this reader does not do it refuses: a part of an experiment that is silently left out would
make its result look better than it is.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import yaml

from chaos import actions, probes
from chaos.errors import ChaosConfigError
from chaos.faults.base import Fault, require_seconds

DIRECTORY = Path(__file__).parent / "experiments"

_METADATA = ("version", "tags", "contributions", "extensions")
_KEYS = ("title", "description", "configuration", "steady-state-hypothesis", "method", "rollbacks")
_STEP_KEYS = ("type", "name", "provider", "pauses", "background")
_PROBE_KEYS = ("type", "name", "provider", "tolerance")
_PROVIDER_KEYS = ("type", "module", "func", "arguments")


@dataclass(frozen=True)
class Step:
    """One fault of the plan and the calm around it, in seconds."""

    id: str
    """Unique in the experiment, for example `kill-replica-1`."""
    make: Callable[[], Fault]
    """A new instance of the fault, its arguments checked."""
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Probe:
    """One question of the steady-state hypothesis and the answer that is expected."""

    name: str
    ask: Callable[[], object]
    tolerance: object


@dataclass(frozen=True)
class Experiment:
    """A plan of faults, one after the other."""

    title: str
    description: str
    path: Path
    method: tuple[Step, ...]
    steady_state: tuple[Probe, ...] = ()

    @property
    def planned(self) -> list[str]:
        """The ids of the planned faults, in order."""
        return [step.id for step in self.method]


def names() -> list[str]:
    """The experiments that come with the program."""
    return sorted(path.stem for path in DIRECTORY.glob("*.yaml"))


def load(path_or_name: str | Path) -> Experiment:
    """Read an experiment: one that comes with the program, by name, or a YAML or JSON file.

    Raises ChaosConfigError with the file, the key, the value and what was expected.
    """
    path = DIRECTORY / f"{path_or_name}.yaml"
    if str(path_or_name) not in names():
        path = Path(path_or_name)
        if not path.is_file():
            raise ChaosConfigError(
                f"experiment {str(path_or_name)!r}: there is no such file, expected one or a name"
                f"{_nearest(str(path_or_name), names())}"
            )
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML too
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ChaosConfigError(f"{path}{line}: not YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ChaosConfigError(f"{path}: cannot be read: {error}") from error
    return _Reader(path).experiment(document)


@dataclass
class _Reader:
    """Reads one document; knows the file for its sentences."""

    path: Path
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def experiment(self, document: object) -> Experiment:
        top = self.mapping("the file", document, (*_METADATA, *_KEYS), required=("title", "method"))
        self.configuration = self.constants(top.get("configuration"))
        if top.get("rollbacks"):
            self.wrong("rollbacks", top["rollbacks"], "none: every fault heals by itself")
        return Experiment(
            title=self.text("title", top["title"]),
            description=self.text("description", top.get("description", "")),
            path=self.path,
            method=self.method(top["method"]),
            steady_state=self.hypothesis(top.get("steady-state-hypothesis")),
        )

    def constants(self, value: object) -> Mapping[str, Any]:
        constants = self.mapping("configuration", value or {})
        for name, constant in constants.items():
            if isinstance(constant, dict | list):
                self.wrong(f"configuration.{name}", constant, "a constant")
        return constants

    def method(self, value: object) -> tuple[Step, ...]:
        steps: list[Step] = []
        counts: dict[str, int] = {}
        for index, item in enumerate(self.items("method", value)):
            key = f"method[{index}]"
            entry = self.mapping(key, item, _STEP_KEYS, required=("type", "name", "provider"))
            if entry["type"] != "action":
                self.wrong(f"{key}.type", entry["type"], "action")
            if entry.get("background", False) is not False:
                self.wrong(f"{key}.background", entry["background"], "false: one fault at a time")
            make = self.fault(f"{key}.provider", entry["provider"])
            kind = make().kind
            counts[kind] = counts.get(kind, 0) + 1
            before, after = self.pauses(f"{key}.pauses", entry.get("pauses") or {})
            steps.append(Step(f"{kind}-{counts[kind]}", make, before, after))
        return tuple(steps)

    def fault(self, key: str, value: object) -> Callable[[], Fault]:
        func, arguments = self.provider(key, value, actions, actions.FAULTS)
        kind = actions.FAULTS[func]

        def make() -> Fault:
            return kind(**arguments)

        try:
            make()
        except ValueError as error:
            raise ChaosConfigError(f"{self.path}: {key}.arguments: {error}") from error
        return make

    def pauses(self, key: str, value: object) -> tuple[float, float]:
        pauses = self.mapping(key, value, ("before", "after"))
        seconds = []
        for name in ("before", "after"):
            pause = self.substitute(f"{key}.{name}", pauses.get(name, 0))
            try:
                require_seconds(f"{key}.{name}", pause)
            except ValueError as error:
                raise ChaosConfigError(f"{self.path}: {error}") from error
            seconds.append(float(pause))
        return seconds[0], seconds[1]

    def hypothesis(self, value: object) -> tuple[Probe, ...]:
        name = "steady-state-hypothesis"
        top = self.mapping(name, value or {}, ("title", "probes"))
        return tuple(
            self.probe(f"{name}.probes[{index}]", item)
            for index, item in enumerate(self.items(f"{name}.probes", top.get("probes") or []))
        )

    def probe(self, key: str, value: object) -> Probe:
        entry = self.mapping(key, value, _PROBE_KEYS, required=_PROBE_KEYS)
        if entry["type"] != "probe":
            self.wrong(f"{key}.type", entry["type"], "probe")
        if isinstance(entry["tolerance"], dict | list):
            self.wrong(f"{key}.tolerance", entry["tolerance"], "one value")
        known = [name for name, _ in _functions(probes)]
        func, _ = self.provider(f"{key}.provider", entry["provider"], probes, known)
        ask: Callable[[], object] = getattr(probes, func)
        return Probe(self.text(f"{key}.name", entry["name"]), ask, entry["tolerance"])

    def provider(
        self, key: str, value: object, module: ModuleType, known: Iterable[str]
    ) -> tuple[str, dict[str, Any]]:
        """The function that a provider names, and its arguments."""
        entry = self.mapping(key, value, _PROVIDER_KEYS, required=("type", "module", "func"))
        if entry["type"] != "python":
            self.wrong(f"{key}.type", entry["type"], "python")
        if entry["module"] != module.__name__:
            self.wrong(f"{key}.module", entry["module"], module.__name__)
        func = entry["func"]
        if func not in known:
            self.wrong(f"{key}.func", func, f"a function of {module.__name__}", known)
        accepted = [
            name
            for name in inspect.signature(getattr(module, func)).parameters
            if name != "configuration"
        ]
        given = self.mapping(f"{key}.arguments", entry.get("arguments") or {}, accepted)
        return func, {
            name: self.substitute(f"{key}.arguments.{name}", argument)
            for name, argument in given.items()
        }

    def substitute(self, key: str, value: Any) -> Any:
        """`${name}` is the constant of that name in `configuration`."""
        if not (isinstance(value, str) and value.startswith("${") and value.endswith("}")):
            return value
        if value[2:-1] not in self.configuration:
            self.wrong(key, value, "a name of configuration", self.configuration)
        return self.configuration[value[2:-1]]

    def mapping(
        self,
        key: str,
        value: object,
        allowed: Iterable[str] | None = None,
        required: Iterable[str] = (),
    ) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.wrong(key, value, "a mapping")
        prefix = "" if key == "the file" else f"{key}."
        for name in required:
            if name not in value:
                raise ChaosConfigError(f"{self.path}: {prefix}{name} is missing")
        for name in value:
            if allowed is not None and name not in allowed:
                expected = f"one of {', '.join(allowed)}" if allowed else "no key"
                raise ChaosConfigError(
                    f"{self.path}: {prefix}{name} is not known here, expected {expected}"
                    f"{_nearest(str(name), allowed)}"
                )
        return value

    def items(self, key: str, value: object) -> list[Any]:
        if not isinstance(value, list):
            self.wrong(key, value, "a list")
        return value

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            self.wrong(key, value, "a text")
        return value

    def wrong(self, key: str, value: object, expected: str, known: Iterable[str] = ()) -> NoReturn:
        raise ChaosConfigError(
            f"{self.path}: {key} = {value!r}, expected {expected}{_nearest(str(value), known)}"
        )


def _functions(module: ModuleType) -> list[tuple[str, Any]]:
    return [
        (name, function)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
    ]


def _nearest(word: str, known: Iterable[str]) -> str:
    choices = list(known)
    if not choices:
        return ""
    near = difflib.get_close_matches(word, choices, n=1)
    return f" (did you mean {near[0]}?)" if near else f" (there are {', '.join(choices)})"
