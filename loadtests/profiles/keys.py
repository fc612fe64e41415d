"""Every key of a profile, in its reader's order, for the reference page."""

from __future__ import annotations

import tempfile
from pathlib import Path

from loadtests.profiles.rules import build
from loadtests.profiles.source import PROFILES, Key, Source, read_toml

SHAPES = (
    {"from": 1, "to": 3},
    {"hold": 1},
    {"decay": 0.4, "after_minutes": 10, "floor": 1},
    {"levels": [1, 2]},
)
"""A phase of each shape but the fifth, a log."""


def every_key() -> list[Key]:
    """Every key, in the order in which a profile is read, without the names of journeys."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "rpm.csv"
        log.write_text("60\n120\n")
        values = read_toml(PROFILES / "diwali.toml").values
        shapes = [{"minutes": 300, **shape} for shape in SHAPES] + [{"csv": str(log)}]
        values["phase"] = [{"name": f"p{n}", **shape} for n, shape in enumerate(shapes)]
        source = Source("every key", "", values)
        build(source)
    named = ("journeys", "conversation.languages")
    return [key for key in source.asked.values() if key.section not in named]
