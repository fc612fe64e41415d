"""The page of exit codes, from `reports.basics.exit_codes`."""

from __future__ import annotations

from harness.reference import docstrings, markdown
from reports.basics.exit_codes import ExitCode

_INTRO = """\
Every `diya` command ends with one of these codes. A CI job needs nothing else: 0 is the only
code that lets a release go on."""


def page() -> str:
    """The page."""
    told = docstrings.attributes(ExitCode)
    rows = [(markdown.code(int(code)), told[code.name]) for code in sorted(ExitCode)]
    return markdown.page("Exit codes", _INTRO, markdown.table(("code", "meaning"), rows))
