"""The line about the load's size, for every report."""

from __future__ import annotations

from reports.records.sizing import in_words
from reports.render import formatting
from reports.render.view import Result, part


def sizing_line(result: Result) -> str:
    """One line; empty for a load that was not sized."""
    sizing = part(result, "sizing")
    profile = part(result, "profile").get("name") or formatting.MISSING
    return formatting.clean(in_words(sizing, str(profile))) if sizing else ""
