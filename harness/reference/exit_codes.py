"""The page of exit codes, from `harness.exits`."""

from __future__ import annotations

from harness import exits
from harness.reference import docstrings, markdown

_INTRO = """\
Every `diya` command ends with one of these codes. A CI job needs nothing else: 0 is the only
code that lets a release go on."""


def page() -> str:
    """The page."""
    codes = sorted((value, name) for name, value in vars(exits).items() if isinstance(value, int))
    told = docstrings.constants(exits)
    rows = [(markdown.code(value), told[name]) for value, name in codes]
    return markdown.page("Exit codes", _INTRO, markdown.table(("code", "meaning"), rows))
