"""Journeys: the customers' messages, read from a TOML file (`shopmax.toml` explains its keys).

ProfileError (a ValueError)
    Anything wrong with a file of journeys, one sentence: file, line, key, value, expected value.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from loadtests.profiles import model_script
from loadtests.profiles.model_script import ToolStep
from loadtests.profiles.source import ProfileError, Source, read_toml
from loadtests.profiles.table import Table
from reports.basics.suggestions import nearest

SHOPMAX = Path(__file__).parents[1] / "shopmax.toml"
_SLOT = re.compile(r"\{\{([A-Za-z_][\w-]*)\}\}|\{([^{}]*)\}")
"""`{{name}}` is the text `{name}`, `{name}` is replaced by a value; other braces are literal, and
so are all braces in a file without slots."""
_SLOT_NAME = re.compile(r"\s*[A-Za-z_][\w-]*\s*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_MODEL = "model"
"""`[journey.NAME.model]` is no language."""
_MOST_VALUES = 100_000


@dataclass(frozen=True, slots=True)
class Lines:
    """The messages of a journey in one language."""

    openings: tuple[str, ...]
    """First messages; `{slots}` are filled in, other braces stay as they are."""
    follow_ups: tuple[str, ...]
    """Later messages: they name nothing, or refer to the opening."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One topic of a conversation with customer service."""

    weight: float
    ordered: bool
    """Whether the follow-ups keep their order; else they are drawn in any order."""
    languages: dict[str, Lines]
    calls: tuple[ToolStep, ...] | None = None
    """The tools that a stand-in for the model calls for each message, in order; None: it chooses
    by itself."""


@dataclass(frozen=True, slots=True)
class Book:
    """All journeys of a load, and the values of their slots."""

    journeys: dict[str, Journey]
    slots: dict[str, tuple[str, ...]]

    @property
    def weights(self) -> dict[str, float]:
        """Journey -> weight, as a profile's `[journeys]` has it."""
        return {name: journey.weight for name, journey in self.journeys.items()}

    def language(self, journey: str, shares: dict[str, float], rng: random.Random) -> str:
        """A language of the journey, drawn by `shares`; its first one when it has none of those.

        Raises KeyError for an unknown journey.
        """
        known = self.journeys[journey].languages
        spoken = {name: share for name, share in shares.items() if name in known and share > 0}
        if not spoken:
            return next(iter(known))
        return rng.choices(list(spoken), list(spoken.values()))[0]

    def messages(
        self, journey: str, language: str, turns: int, rng: random.Random
    ) -> tuple[str, ...]:
        """The customer's `turns` messages.  Raises KeyError for an unknown journey or language."""
        script = self.journeys[journey]
        lines = script.languages[language]
        filled = {name: rng.choice(values) for name, values in self.slots.items()}

        def value(found: re.Match[str]) -> str:
            return f"{{{found[1]}}}" if found[1] else filled.get(found[2], found[0])

        def fill(text: str) -> str:
            return _SLOT.sub(value, text) if filled else text

        follow_ups: list[str] = []
        while len(follow_ups) < turns - 1:
            # Use each follow-up once before repeating any, as a person would.
            again = list(lines.follow_ups)
            follow_ups += again if script.ordered else rng.sample(again, len(again))
        opening = rng.choice(lines.openings)
        return tuple(fill(text) for text in (opening, *follow_ups[: turns - 1]))

    def to_dict(self) -> dict[str, Any]:
        """The book as the nested tables of its file; `from_dict` reads it back."""
        return {
            "slots": {name: list(values) for name, values in self.slots.items()},
            "journey": {
                name: {
                    "weight": journey.weight,
                    "ordered": journey.ordered,
                    **_model_table(journey),
                    **{
                        language: {
                            "openings": list(lines.openings),
                            "follow_ups": list(lines.follow_ups),
                        }
                        for language, lines in journey.languages.items()
                    },
                }
                for name, journey in self.journeys.items()
            },
        }

    def model_script(self) -> dict[str, Any] | None:
        """The script for a stand-in for the model, the JSON of its `--script FILE`.

        None when no journey says which tools are called.
        """
        if all(journey.calls is None for journey in self.journeys.values()):
            return None
        return {
            "journeys": {
                name: {
                    "messages": [
                        self._parts(text)
                        for lines in journey.languages.values()
                        for text in (*lines.openings, *lines.follow_ups)
                    ],
                    "calls": None
                    if journey.calls is None
                    else [{"tool": step.tool, "args": step.args} for step in journey.calls],
                }
                for name, journey in self.journeys.items()
            }
        }

    def _parts(self, text: str) -> list[str]:
        """The text in parts, of which every second one is the name of a slot."""
        if not self.slots:
            return [text]
        parts = [""]
        end = 0
        for found in _SLOT.finditer(text):
            parts[-1] += text[end : found.start()]
            end = found.end()
            if found[2] in self.slots:
                parts += [found[2], ""]
            else:
                parts[-1] += f"{{{found[1]}}}" if found[1] else found[0]
        parts[-1] += text[end:]
        return parts


@cache
def shopmax() -> Book:
    """The project's own journeys."""
    return load(SHOPMAX)


def load(path: Path) -> Book:
    """Read a file of journeys.  Raises ProfileError."""
    return _build(read_toml(path, "journeys"))


def is_book(path: Path) -> bool:
    """Whether a TOML file has the tables of a file of journeys; False when it cannot be read."""
    try:
        values = read_toml(path, "journeys").values
    except ProfileError:
        return False
    return "journey" in values or "slots" in values


def from_dict(values: dict[str, Any], source: str = "run.json") -> Book:
    """The inverse of `Book.to_dict`; `source` names the file in errors.  Raises ProfileError."""
    return _build(Source(source, "", values))


def _build(source: Source) -> Book:
    top = Table(source, "", 0, source.values)
    slots = _slots(top.table("slots")) if "slots" in top else {}
    table = top.table("journey")
    journeys = {name: _journey(table, name, slots) for name in table}
    if sum(journey.weight for journey in journeys.values()) <= 0:
        raise table.error(None, "at least one [journey.NAME] must have a weight above 0, got none")
    top.close()
    return Book(journeys, slots)


def _slots(table: Table) -> dict[str, tuple[str, ...]]:
    slots: dict[str, tuple[str, ...]] = {}
    for name, value in table.items():
        match value:
            case {"prefix": str(prefix), "from": int(low), "to": int(high)} if (
                len(value) == 3 and 0 <= low <= high < low + _MOST_VALUES
            ):
                slots[name] = tuple(f"{prefix}{number}" for number in range(low, high + 1))
            case dict():
                raise table.error(
                    name,
                    f"'{name}' in [slots] must be a list of texts, or at most {_MOST_VALUES:,} "
                    f'numbers as {{ prefix = "ORD-", from = 1, to = 99 }}, got {value!r}',
                )
            case _:
                slots[name] = table.texts(name)
    return slots


def _journey(parent: Table, name: str, slots: dict[str, tuple[str, ...]]) -> Journey:
    table = parent.table(name)
    if not _NAME.fullmatch(name):
        raise table.error(
            None, f"the name of a journey must be short, of letters and digits, got {name!r}"
        )
    weight = table.number("weight", 0, 1000, 1.0)
    ordered = table.flag("ordered", default=False)
    languages = {
        language: _lines(table.table(language), slots)
        for language in table
        if language not in ("weight", "ordered", _MODEL)
    }
    if not languages:
        raise table.error(
            None, f"{table.title} must have a language, for example [journey.{name}.en]"
        )
    calls = model_script.calls(table.table(_MODEL), slots) if _MODEL in table else None
    return Journey(weight, ordered, languages, calls)


def _model_table(journey: Journey) -> dict[str, Any]:
    if journey.calls is None:
        return {}
    return {_MODEL: {"calls": [step.to_toml() for step in journey.calls]}}


def _lines(table: Table, slots: dict[str, tuple[str, ...]]) -> Lines:
    lines = Lines(table.texts("openings"), table.texts("follow_ups"))
    table.close()
    for key, texts in (("openings", lines.openings), ("follow_ups", lines.follow_ups)):
        for slot in (found[2] for text in texts for found in _SLOT.finditer(text)):
            if slots and slot is not None and slot not in slots and _SLOT_NAME.fullmatch(slot):
                raise table.error(
                    key,
                    f"unknown slot '{{{slot}}}' in '{key}'{nearest(slot, slots)}; "
                    f"the text itself is written '{{{{{slot.strip()}}}}}'",
                )
    return lines
