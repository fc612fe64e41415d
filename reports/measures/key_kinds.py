"""The kinds of keys in a Redis that others may write to: which do the service's turns write?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.records.history import History

KEYS = "keys:"
"""The source of a sample of one kind of keys begins so; the kind follows."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys whose names are alike, by number."""

    name: str
    """With `*` for the parts that vary."""
    before: float
    """Before the load."""
    left: float
    """At the end."""
    forever: float
    """Left, new since before the load, and without a TTL."""
    grown: float
    """Bytes that they take more at the end than before the load."""
    is_of_turns: bool
    """Such keys appeared in the rehearsal, or their names hold the id of the run."""
    is_surely: bool
    """The same, and there were none before the rehearsal: nobody else writes them."""

    @property
    def new(self) -> float:
        """How many more there are at the end than before the load."""
        return max(0.0, self.left - self.before)


@dataclass(frozen=True, slots=True)
class KeyKinds:
    """All kinds of keys."""

    kinds: tuple[KeyKind, ...]

    @property
    def of_turns(self) -> float:
        """New keys of kinds that turns surely write."""
        return sum(kind.new for kind in self.kinds if kind.is_surely)

    @property
    def of_turns_forever(self) -> float:
        """The same, without a TTL."""
        return sum(kind.forever for kind in self.kinds if kind.is_surely)

    @property
    def bytes_of_turns(self) -> float:
        """By how much the keys of these kinds have grown since before the load."""
        return sum(kind.grown for kind in self.kinds if kind.is_surely)

    @property
    def strange(self) -> tuple[KeyKind, ...]:
        """The kinds of which there are new keys that no turn is known to write, most first."""
        found = [kind for kind in self.kinds if kind.new and not kind.is_of_turns]
        return tuple(sorted(found, key=lambda kind: -kind.new))

    @property
    def strangers(self) -> float:
        """New keys of these kinds."""
        return sum(kind.new for kind in self.strange)

    def in_words(self) -> str:
        """The strange kinds."""
        named = [f"{kind.new:.0f} like {kind.name}" for kind in self.strange[:_SHOWN]]
        more = len(self.strange) - _SHOWN
        return ", ".join(named) + (f" and {more} kinds more" if more > 0 else "")


def key_kinds(history: History) -> KeyKinds | None:
    """The kinds of keys of the run; None: they were not recorded."""
    kinds = [
        _kind(source.removeprefix(KEYS), sample.values)
        for source, samples in history.samples_by_source.items()
        if source.startswith(KEYS)
        for sample in samples[-1:]
    ]
    return KeyKinds(tuple(kinds)) if kinds else None


def _kind(name: str, values: Mapping[str, float]) -> KeyKind:
    own, rehearsed = values.get("own", 0.0) > 0, values.get("rehearsed", 0.0) > 0
    return KeyKind(
        name=name,
        before=values.get("before", 0.0),
        left=values.get("left", 0.0),
        forever=values.get("forever", 0.0),
        grown=values.get("bytes_left", 0.0) - values.get("bytes_before", 0.0),
        is_of_turns=own or rehearsed,
        is_surely=own or (rehearsed and not values.get("first", 0.0)),
    )
