"""The line about limits set for one run, for every report."""

from __future__ import annotations

from reports.render import formatting
from reports.render.view import Result, part


def slo_line(result: Result) -> str:
    """One line: each limit of `--slo` beside the profile's own; empty when there is none."""
    limits = part(part(result, "profile"), "slo")
    told = [
        f"{formatting.clean(name)} {formatting.value_text(limits.get(name))} "
        f"(profile: {formatting.value_text(own)})"
        for name, own in part(result, "slo_overrides").items()
    ]
    return f"limits set by --slo: {', '.join(told)}" if told else ""
