"""Reads the fields of an experiment's document; one sentence describes an error."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from chaos.errors import ChaosConfigError
from chaos.experiment.values import UnknownName, Values
from reports.basics.suggestions import did_you_mean, nearest

PASSED_OVER = {
    "the file": ("controls", "runtime"),
    "steady-state-hypothesis": ("controls",),
    "activity": ("controls", "timeout"),
    "probe": ("controls", "timeout", "pauses", "background"),
}
"""Parts of the Chaos Toolkit's format that change nothing here: each is noted."""


@dataclass
class Fields:
    """The fields of one document; knows the file for its sentences."""

    path: Path
    values: Values = field(default_factory=Values)
    notes: list[str] = field(default_factory=list)
    """Parts of the file that were passed over, one sentence each."""

    def put_in(self, key: str, value: Any) -> Any:
        """`${name}` is the value of that name in `configuration` or `secrets`."""
        try:
            return self.values.put_in(value)
        except UnknownName as error:
            name = f"${{{error}}}"
            self.fail(
                f"{key} must be a name of configuration or secrets, got {name!r}"
                f"{nearest(str(error), self.values.names)}"
            )

    def known(
        self,
        key: str,
        value: object,
        allowed: Collection[str],
        required: Iterable[str] = (),
        passed_over: Iterable[str] | None = None,
    ) -> Mapping[str, Any]:
        """As `mapping`, without the keys that the Chaos Toolkit knows and that are not used.

        A key of the author's own (`x-…`, which often holds YAML's anchors) is passed over, too.
        """
        skipped = list(PASSED_OVER[key] if passed_over is None else passed_over)
        if isinstance(value, dict):
            own = (name for name in value if str(name).startswith("x-"))
            skipped += [name for name in own if name not in allowed]
        entry = self.mapping(key, value, (*allowed, *skipped), required)
        prefix = "" if key == "the file" else f"{key}."
        self.notes += [f"{prefix}{name} is passed over" for name in skipped if name in entry]
        return {name: each for name, each in entry.items() if name not in skipped}

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
                self.fail(f"{prefix}{name} is missing")
        for name in value:
            if allowed is not None and name not in allowed:
                expected = f"one of {', '.join(allowed)}" if allowed else "no key"
                hint = did_you_mean(str(name), allowed) or f": must be {expected}"
                self.fail(f"{prefix}{name} is not known here{hint}")
        return value

    def items(self, key: str, value: object) -> list[Any]:
        if not isinstance(value, list):
            self.wrong(key, value, "a list")
        return value

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            if isinstance(value, bool | int | float | date):
                # YAML reads `no`, `2025` and `2025-10-20` as other things than texts.
                self.fail(f"{key} must be a text, got {value!r} (a text so written is in quotes)")
            self.wrong(key, value, "a text")
        return value

    def wrong(self, key: str, value: object, expected: str, known: Iterable[str] = ()) -> NoReturn:
        self.fail(f"{key} must be {expected}, got {value!r}{nearest(str(value), known)}")

    def fail(self, sentence: str) -> NoReturn:
        raise ChaosConfigError(self.values.mask(f"{self.path}: {sentence}")) from None
