"""The page of profile keys, from the reader of profiles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

from harness.reference import docstrings, markdown
from loadtests.profiles import keys as profile_keys
from loadtests.profiles import profile
from loadtests.profiles.source import Key

_SECTION = re.compile(r"(\[+[\w.]+\]+)")
_INTRO = """\
A profile is a TOML file. [Write a profile](../profile.md) shows how to begin;
`diya profile show FILE` tells what a profile will do before anything runs.
Sale time is the customers' time: `compression` sale seconds pass in one real second. Keys that end
in `_s`, and rates, are real.

A key without a default is required. A key that is not in these tables is refused, with the nearest
known key in the message."""

_EXTENDS = """\
`extends = "diwali"` (a profile's name, or a `.toml` file relative to this one) takes over all that
this file does not set. Sections are merged key by key. `[journeys]`, `languages` and lists are
replaced as a whole. A file with phases of its own takes over no spikes and no cliffs.
`[change.NAME]` changes keys of the phase of that name instead. `name` is never taken over."""


SECTIONS: Mapping[str, tuple[str, str]] = {
    "": ("Top level", "The name of the profile, and its sections."),
    "time": ("`[time]`", "How sale time becomes real time."),
    "load": ("`[load]`", "How many customers come, and how much the generator may hold."),
    "phase": (
        "`[[phase]]`",
        "The day is made of phases, one after the other. Levels are multiples of `base_rate`. Each "
        "phase has one shape: `from` with `to`, `hold`, `decay`, `levels`, or `csv`.",
    ),
    "spike": ("`[[spike]]`", "A flash sale: the rate of the moment is multiplied for a while."),
    "cliff": (
        "`[[cliff]]`",
        "A reconnect cliff: arriving customers are held back, and then they all come at once.",
    ),
    "conversation": ("`[conversation]`", "How customers behave in one conversation."),
    "slo": ("`[slo]`", "The limits of the [gates](gates.md)."),
}
"""Section -> its title and one sentence, in the order of the page."""


def page() -> str:
    """The page."""
    keys = sorted(profile_keys.every_key(), key=lambda key: list(SECTIONS).index(key.section))
    parts = [_INTRO]
    for section, members in groupby(keys, key=lambda key: key.section):
        title, told = SECTIONS[section]
        parts += [f"## {title}", told, _table(list(members))]
    parts += ["## Extending another profile", _EXTENDS, "## Profiles that come with diya", _named()]
    return markdown.page("Profile keys", *parts)


def _table(keys: Sequence[Key]) -> str:
    rows = [
        (
            markdown.code(key.name),
            _SECTION.sub(r"`\1`", key.expected),
            _default(key),
            meaning(key),
        )
        for key in keys
    ]
    return markdown.table(("key", "value", "default", "meaning"), rows)


def meaning(key: Key) -> str:
    """The meaning of a key; KeyError for a key without a description."""
    if key.told.meaning:
        return key.told.meaning
    if not key.section and key.name in SECTIONS:
        return f"{SECTIONS[key.name][1].partition('. ')[0].rstrip('.')}, [below](#{key.name})."
    kind, name = key.told.field or (object, key.name)
    return docstrings.attributes(kind)[name]


def _default(key: Key) -> str:
    if key.told.without:
        return key.told.without
    if key.default is None:
        return "required"
    if key.default == ():
        return "none"
    return markdown.code(f"{key.default:g}")


def _named() -> str:
    rows = []
    for name in profile.names():
        each = profile.load(name)
        rows.append(
            (
                markdown.code(name),
                each.description,
                f"{each.load_seconds:g} s",
                f"{each.expected_turns:,.0f}",
                f"{each.compression:g}×",
            )
        )
    header = ("name", "description", "load lasts", "turns at full rate", "time compressed")
    return markdown.table(header, rows)
