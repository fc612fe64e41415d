"""Reads an experiment's file; one sentence describes an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import ChaosConfigError
from chaos.experiment import fleet_probes
from chaos.experiment.fields import PASSED_OVER
from chaos.experiment.fleet_probes import PROBES, PROBES_MODULE
from chaos.experiment.model import DIRECTORY, Activity, Experiment, Look, Moment, Probe, Step, names
from chaos.experiment.outside_reader import PROBE_KEYS, OutsideReader
from chaos.experiment.outside_terms import OURS
from chaos.experiment.text import document as document_of
from chaos.experiment.text import read_text
from chaos.experiment.tolerance import Tolerance, tolerance
from chaos.experiment.values import (
    Values,
    ValuesError,
    read_configuration,
    read_secrets,
    without_secrets,
)
from chaos.faults.base import Fault, parameters
from chaos.faults.catalogue import ACTIONS_MODULE, FAULTS
from chaos.fleet.environment import SystemUnderTest
from reports.basics.suggestions import nearest
from reports.records import ROLLBACK

EXTENSION = "diya"
"""The name of diya's entry under `extensions`; the Chaos Toolkit ignores it."""

_METADATA = ("version", "tags", "contributions")
_KEYS = (
    "title",
    "description",
    "configuration",
    "secrets",
    "steady-state-hypothesis",
    "method",
    "rollbacks",
    "extensions",
)
_STEP_KEYS = ("type", "name", "provider", "pauses", "background")
_PROVIDER_KEYS = ("type", "module", "func", "arguments", "secrets")
_EXTENSION_KEYS = ("name", "topology", "at")
_MOMENT = re.compile(r"\s*(\w[\w -]*?)\s*(?:\+\s*(\d+(?:\.\d+)?)\s*s?)?\s*")


def load(path_or_name: str | Path, *, ask: bool = False, elsewhere: bool = False) -> Experiment:
    """Read an experiment: one that comes with the program, by name, or a YAML or JSON file.

    `ask` and `elsewhere` as in `parse`.  Raises ChaosConfigError with the file, the key, the value
    and the expected value.
    """
    path = DIRECTORY / f"{path_or_name}.yaml"
    if str(path_or_name) not in names():
        path = Path(path_or_name)
        if not path.is_file():
            raise ChaosConfigError(
                f"experiment must be a file or a name, got {str(path_or_name)!r}"
                f"{nearest(str(path_or_name), names())}"
            )
    return parse(read_text(path), path, ask=ask, elsewhere=elsewhere)


def parse(text: str, path: Path, *, ask: bool = False, elsewhere: bool = False) -> Experiment:
    """The experiment that a text describes; `path` is for the sentences.

    Without `ask` nothing is run: the probes of its configuration are not asked, the parts that use
    their values are not checked, and the experiment can be read but not played.  HTTP calls must be
    on this machine, unless they may go `elsewhere`.
    Raises ChaosConfigError.
    """
    document, notes = document_of(text, path)
    return _Reader(path, notes=notes, ask=ask, elsewhere=elsewhere).experiment(document, text)


@dataclass
class _Reader(OutsideReader):
    """Reads one document."""

    named: dict[str, Any] = field(default_factory=dict)
    """Every activity that has a name, for `ref`."""
    moments: dict[str, Moment] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def experiment(self, document: object, text: str) -> Experiment:
        top = self.known("the file", document, (*_METADATA, *_KEYS), ("title", "method"))
        secrets = self.mapping("secrets", top.get("secrets") or {})
        configuration = self.mapping("configuration", top.get("configuration") or {})
        try:
            self.values = Values(
                read_configuration(configuration, self.notes), read_secrets(secrets, self.notes)
            )
        except ValuesError as error:
            self.fail(f"{error.key}: {error}")
        self.probe_configuration(configuration)
        if secrets and without_secrets(secrets) != secrets:
            text = yaml.safe_dump(
                {**top, "secrets": without_secrets(secrets)}, sort_keys=False, allow_unicode=True
            )
        self.name_activities(top)
        extension = self.extension(top.get("extensions"))
        hypothesis = self.hypothesis(top.get("steady-state-hypothesis"))
        method = self.activities("method", top["method"])
        rollbacks = self.activities("rollbacks", top.get("rollbacks") or [], prefix=ROLLBACK)
        strangers = set(self.moments) - {activity.name for activity in method}
        if strangers:
            name = min(strangers)
            self.fail(
                f"extensions: {EXTENSION}: at: {name!r} is the name of no activity of the method"
                f"{nearest(name, [activity.name for activity in method])}"
            )
        return Experiment(
            title=self.text("title", top["title"]),
            description=self.text("description", top.get("description", "")),
            path=self.path,
            method=method,
            steady_state=hypothesis,
            rollbacks=self.only_actions(rollbacks),
            topology=extension.get("topology"),
            source=text,
            notes=tuple(dict.fromkeys(self.values.mask(note) for note in self.notes)),
            unasked=tuple(sorted(self.values.unasked)),
        )

    def name_activities(self, top: Mapping[str, Any]) -> None:
        """Note every activity that has a name: a `ref` may come before the activity it names."""
        hypothesis = top.get("steady-state-hypothesis")
        probes = hypothesis.get("probes") if isinstance(hypothesis, dict) else None
        for items in (top["method"], probes):
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict) and isinstance(item.get("name"), str):
                    self.named[item["name"]] = item

    def only_actions(self, rollbacks: tuple[Activity, ...]) -> tuple[Step, ...]:
        for index, activity in enumerate(rollbacks):
            if not isinstance(activity, Step) or activity.background:
                self.fail(f"rollbacks[{index}] must be an action, not in the background")
        return tuple(step for step in rollbacks if isinstance(step, Step))

    def extension(self, value: object) -> Mapping[str, Any]:
        """Diya's entry of `extensions`; those of other tools are ignored."""
        for index, item in enumerate(self.items("extensions", value or [])):
            key = f"extensions[{index}]"
            entry = self.mapping(key, item, required=("name",))
            if entry["name"] != EXTENSION:
                continue
            self.mapping(key, entry, _EXTENSION_KEYS)
            if entry.get("topology") is not None:
                self.text(f"{key}.topology", entry["topology"])
            for name, moment in self.mapping(f"{key}.at", entry.get("at") or {}).items():
                found = _MOMENT.fullmatch(moment) if isinstance(moment, str) else None
                if found is None:
                    self.wrong(f"{key}.at.{name}", moment, "a phase and seconds, as opening+5s")
                self.moments[str(name)] = Moment(found[1], float(found[2] or 0))
            return entry
        return {}

    def activities(self, key: str, value: object, prefix: str = "") -> tuple[Activity, ...]:
        found: list[Activity] = []
        for index, item in enumerate(self.items(key, value)):
            place = f"{key}[{index}]"
            if isinstance(item, dict) and "ref" in item:
                item = self.referred(place, item)
            kind = item.get("type") if isinstance(item, dict) else None
            known = (*_STEP_KEYS, "tolerance") if kind == "probe" else _STEP_KEYS
            outside = kind == "action" and self.outside(item.get("provider"))
            known = (*known, OURS) if outside else known
            entry = self.known(
                place, item, known, ("type", "name", "provider"), PASSED_OVER["activity"]
            )
            if kind not in ("action", "probe"):
                self.wrong(f"{place}.type", kind, "action or probe")
            name = self.text(f"{place}.name", entry["name"])
            background = entry.get("background", False)
            if not isinstance(background, bool):
                self.wrong(f"{place}.background", background, "true or false")
            before, after = self.pauses(f"{place}.pauses", entry.get("pauses") or {})
            make = partial(_timed, name, before, after, background, self.moments.get(name))
            if kind == "probe":
                found.append(make(Look, probe=self.probe(place, entry)))
            else:
                calm = after
                if outside:
                    fault, calm = self.outside_action(place, entry, after, is_fault=not prefix)
                else:
                    fault = self.fault(f"{place}.provider", entry["provider"])
                step = make(Step, id=self.number(prefix + fault().kind), make=fault)
                found.append(replace(step, after=calm))
        return tuple(found)

    def number(self, kind: str) -> str:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}-{self.counts[kind]}"

    def referred(self, key: str, item: Mapping[str, Any]) -> Any:
        self.mapping(key, item, ("ref", "tolerance"))
        if item["ref"] not in self.named:
            self.wrong(f"{key}.ref", item["ref"], "the name of an activity", self.named)
        return self.named[item["ref"]]

    def fault(self, key: str, value: object) -> Callable[[], Fault]:
        """A maker of the action's fault."""
        known = {name: parameters(kind) for name, kind in FAULTS.items()}
        func, arguments = self.provider(key, value, ACTIONS_MODULE, known)
        kind = FAULTS[func]
        if self.values.waits(arguments):
            return partial(kind)

        def make() -> Fault:
            return kind(**arguments)

        try:
            make()
        except ValueError as error:
            self.fail(f"{key}.arguments: {error}")
        return make

    def pauses(self, key: str, value: object) -> tuple[float, float]:
        pauses = self.mapping(key, value, ("before", "after"))
        before, after = (
            self.seconds(f"{key}.{name}", pauses.get(name) or 0) for name in ("before", "after")
        )
        return before, after

    def hypothesis(self, value: object) -> tuple[Probe, ...]:
        name = "steady-state-hypothesis"
        top = self.known(name, value or {}, ("title", "probes"))
        found = []
        for index, item in enumerate(self.items(f"{name}.probes", top.get("probes") or [])):
            key = f"{name}.probes[{index}]"
            if isinstance(item, dict) and "ref" in item:
                item = {**self.referred(key, item), **item}
                del item["ref"]
            entry = self.known(key, item, PROBE_KEYS, PROBE_KEYS, PASSED_OVER["probe"])
            if entry["type"] != "probe":
                self.wrong(f"{key}.type", entry["type"], "probe")
            found.append(self.probe(key, entry))
        return tuple(found)

    def probe(self, key: str, entry: Mapping[str, Any]) -> Probe:
        name = self.text(f"{key}.name", entry["name"])
        wanted: Tolerance | None = None
        if "tolerance" in entry:
            value = self.put_in(f"{key}.tolerance", entry["tolerance"])
            try:
                wanted = None if self.values.waits(value) else tolerance(value)
            except ValueError as error:
                self.fail(f"{key}.tolerance: {error}")
        ask = self.question(f"{key}.provider", entry["provider"])
        return Probe(name, ask, wanted, self.values.mask)

    def question(self, key: str, value: object) -> Callable[[SystemUnderTest], object]:
        """The question that a probe's provider asks of a fleet."""
        if self.outside(value):
            call = self.call(key, value)
            return lambda fleet: call.ask(fleet.process_env, fleet.headers_for(call.name))
        known = {name: fleet_probes.parameters(name) for name in PROBES}
        func, arguments = self.provider(key, value, PROBES_MODULE, known)
        probe = PROBES[func]
        return lambda fleet: probe(fleet, **arguments)

    def provider(
        self, key: str, value: object, module: str, known: Mapping[str, Sequence[str]]
    ) -> tuple[str, dict[str, Any]]:
        """The function of the module that a provider names, and its arguments.

        `known` are the functions that there are, and their parameters.
        """
        if isinstance(value, dict) and value.get("type", "python") != "python":
            self.wrong(f"{key}.type", value["type"], "python, http or process")
        entry = self.mapping(key, value, _PROVIDER_KEYS, required=("type", "module", "func"))
        if entry["module"] != module:
            self.wrong(f"{key}.module", entry["module"], module)
        func = entry["func"]
        if func not in known:
            self.wrong(f"{key}.func", func, f"a function of {module}", known)
        given = self.mapping(f"{key}.arguments", entry.get("arguments") or {}, known[func])
        return func, {
            name: self.put_in(f"{key}.arguments.{name}", argument)
            for name, argument in given.items()
        }


def _timed(
    name: str,
    before: float,
    after: float,
    background: bool,
    at: Moment | None,
    kind: Callable[..., Activity],
    **more: Any,
) -> Activity:
    return kind(name=name, before=before, after=after, background=background, at=at, **more)
