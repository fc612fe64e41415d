"""Fewer faults of an experiment, each at the moment and the target that it had in a run.

The records of a run tell when each fault happened, so leaving one out moves no other: a pause that
counted from the fault before becomes a moment of the load.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from chaos.experiment.model import START, Activity, Step
from chaos.experiment.reader import EXTENSION, parse
from chaos.experiment.text import document
from reports.records import FaultWindow

_REPLICA = re.compile(r"r\d\d")


class PinnedExperiment:
    """An experiment as a run played it; faults can be left out."""

    def __init__(self, text: str, path: Path, load_start: float, done: Sequence[FaultWindow]):
        """`done` are the run's faults; planned faults that were never done are left out.

        Raises ChaosConfigError for a text that is no experiment.
        """
        experiment = parse(text, path)
        windows = {window.id: window for window in done}
        self._document: dict[str, Any] = document(text, path)[0]
        entries = _without_references(self._document)
        self._at: dict[str, str] = {}
        self._entries: list[tuple[str | None, dict[str, Any]]] = []
        """The method: the fault's id, or None for a probe, which is always kept."""
        for activity, entry in zip(experiment.method, entries, strict=True):
            window = windows.get(activity.id) if isinstance(activity, Step) else None
            if isinstance(activity, Step) and window is None:
                continue
            self._entries.append(
                (None if window is None else window.id, self._pinned(activity, entry, window))
            )
            if window is not None:
                moment = f"{START}+{max(0.0, window.start - load_start):.2f}s"
                self._at[self._entries[-1][1]["name"]] = moment
            elif activity.at is not None:
                self._at[activity.name] = str(activity.at)

    @property
    def faults(self) -> list[str]:
        """The ids of the faults that were done, in the method's order."""
        return [name for name, _ in self._entries if name is not None]

    def only(self, keep: Collection[str]) -> str:
        """The text of the experiment with these faults, in YAML."""
        document = copy.deepcopy(self._document)
        method = [entry for name, entry in self._entries if name is None or name in keep]
        document["method"] = copy.deepcopy(method)
        names = {entry["name"] for entry in method}
        others = [e for e in document.get("extensions") or [] if e.get("name") != EXTENSION]
        ours = self._ours()
        ours["at"] = {name: moment for name, moment in self._at.items() if name in names}
        document["extensions"] = [*others, ours]
        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)

    def _ours(self) -> dict[str, Any]:
        for entry in self._document.get("extensions") or []:
            if entry.get("name") == EXTENSION:
                return dict(entry)
        return {"name": EXTENSION}

    def _pinned(
        self, activity: Activity, entry: Mapping[str, Any], window: FaultWindow | None
    ) -> dict[str, Any]:
        pinned = copy.deepcopy(dict(entry))
        if window is None or not isinstance(activity, Step):
            return pinned
        taken = {each["name"] for _, each in self._entries}
        while pinned["name"] in taken:  # moments go by name
            pinned["name"] += " again"
        # A failure must not depend on a draw: aim at the replica that was hit.
        random = getattr(activity.make(), "replica", None) == "random"
        if random and _REPLICA.fullmatch(window.target):
            provider = pinned["provider"]
            provider["arguments"] = {**provider.get("arguments", {}), "replica": window.target}
        return pinned


def _without_references(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The method with every `ref` replaced by the activity that it names."""
    probes = (document.get("steady-state-hypothesis") or {}).get("probes") or []
    named: dict[str, dict[str, Any]] = {}
    for entry in [*document["method"], *probes]:
        if "ref" not in entry:
            named[entry["name"]] = entry
    return [named[e["ref"]] if "ref" in e else e for e in document["method"]]
