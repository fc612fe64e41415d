"""The artifacts that turns have saved, as the events of a session name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from loadtests.adk.agent_event import turn_of


@dataclass(frozen=True, slots=True)
class Saved:
    """One version of one artifact."""

    turn_id: str | None
    """The turn whose event names it."""
    name: str
    version: int

    @property
    def path(self) -> str:
        """Its path below that of the session."""
        return f"/artifacts/{quote(self.name)}/versions/{self.version}"


def saved(events: Iterable[Any]) -> tuple[Saved, ...]:
    """The artifacts in the events' `artifactDelta`, in the order of the events."""
    found = []
    for event in events:
        actions = event.get("actions") if isinstance(event, dict) else None
        delta = actions.get("artifactDelta") if isinstance(actions, dict) else None
        if not isinstance(delta, dict):
            continue
        for name, version in delta.items():
            if isinstance(name, str) and isinstance(version, int) and version >= 0:
                found.append(Saved(turn_of(event), name, version))
    return tuple(dict.fromkeys(found))
