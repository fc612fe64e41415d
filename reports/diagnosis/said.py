"""The failures' own error messages, from the server or the client."""

from __future__ import annotations

import re
from collections import Counter

from reports.diagnosis.scene import HALF, Cause, Scene

_VARYING = re.compile(r"(?<!HTTP )\b(?=[\w.-]*\d)[\w.-]+")
"""Words with a digit (ids and times), except a status, which distinguishes errors."""
_MOST_SHOWN = 160
_MOST_KINDS = 5


def errors(scene: Scene) -> tuple[tuple[str, int], ...]:
    """The most frequent errors of the waiting turns, with ids and times ignored."""
    texts: dict[str, str] = {}
    counts = Counter[str]()
    for error in scene.told:
        kind = _VARYING.sub("N", error)
        texts.setdefault(kind, _cut(error))
        counts[kind] += 1
    return tuple((texts[kind], count) for kind, count in counts.most_common(_MOST_KINDS))


def answered_with(scene: Scene) -> Cause | None:
    """The service reported the same error to half of the waiting customers."""
    spoken = [(text, count) for text, count in errors(scene) if "HTTP " in text]
    if not spoken or spoken[0][1] < HALF * len(scene.waits.waits):
        return None
    text, count = spoken[0]
    return Cause("errors", f'the service answered "{text}" to {count} of {len(scene.waits.waits)}')


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[: _MOST_SHOWN - 1]}…"
