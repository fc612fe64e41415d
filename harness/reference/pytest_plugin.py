"""The page of the pytest plugin: options, the marker's names, and the expectations."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from harness import parser
from harness.pytest_plugin import amounts
from harness.pytest_plugin.metrics import METRICS, Metric
from harness.reference import docstrings, markdown
from reports.comparison.metrics import METRICS as COMPARED
from reports.gates import VIOLATIONS

_INTRO = """\
The plugin comes with diya; [Smoke test in CI](../ci.md) shows how to use it. The command
line wins over the marker, and the marker over the ini file."""

_MARKER = """\
`@pytest.mark.readiness(NAME=VALUE, ...)` on a test, a class or a module. The names are options of
[`diya readiness`](command-line.md)."""

_EXPECT = """\
`run.expect("NAME SIGN VALUE")` with one of `== != < <= > >=`. The scope tells which argument may
follow. `run`: none. `phase`: `phase=` (`steady`, `warmup`, `all`, or a fault's phase) or `fault=`;
without one, all turns are measured. `fault`: `fault=` (an id, a kind or a target); without it,
every fault must meet the expectation. `run.expect("verdict == GO")` asks for the verdict."""

_BASELINES = """\
`run.expect("NAME not worse than LABEL by PERCENT")` compares with the runs of `--diya-baseline`
([how](../ci.md#baselines)). The names are those below, and the names of times and sizes above.
Those follow `phase=` and `fault=` as there, and are of the steady state without them."""

_UNITS = {
    id(amounts.SECONDS): "`s` (default), `ms`, `min`",
    id(amounts.SHARES): "`%`, or a share of 1",
    id(amounts.SIZES): "bytes, `kB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`",
    id(amounts.COUNTS): "a number",
}

MEANINGS = {
    "continuity": "The share of acknowledged turns without a violation. It is 100 % only when "
    "every gate of continuity passed.",
    "errors": "The share of turns without an answer, retries included.",
    "turns": "Acknowledged turns.",
    "failed": "Turns that certainly did not happen.",
    "indeterminate": "Turns that may or may not have happened.",
    "retried": "Turns that needed several attempts.",
    "moved": "Turns that another replica answered than the turn before.",
    "p50": "Latency, from the intended time: the median.",
    "p90": "The 90th percentile.",
    "p95": "The 95th percentile.",
    "p99": "The 99th percentile.",
    "p99.9": "The 99.9th percentile.",
    "max": "The slowest turn.",
    "first_token_p50": "The time to the first words of a reply: the median.",
    "first_token_p99": "The time to the first words of a reply: the 99th percentile.",
    "recovery": "From healing the fault until customers were undisturbed.",
    "outage": "The longest wait of a turn that the fault touched.",
    "downtime": "From the fault's start to its healing.",
    "budget": "The share of the error budget that the fault spent.",
    "sent_to_dead": "Requests that the balancer sent to a dead replica.",
    "disturbed": "Turns that were retried, unanswered or too slow because of the fault.",
    "memory_baseline": "Redis memory before the load.",
    "memory_peak": "Redis memory at its peak.",
    "memory_final": "Redis memory after the last TTL.",
    "keys_peak": "Keys in Redis at the peak.",
    "keys_final": "Keys in Redis after the last TTL.",
}
"""Expectation -> its measure; classes of violation are on the page of gates."""


class _Options:
    """Takes the options that the plugin declares, as pytest's own parser does."""

    def __init__(self) -> None:
        self.options: list[tuple[str, str]] = []
        self.ini: list[tuple[str, str]] = []

    def getgroup(self, *_: str) -> _Options:
        return self

    def addoption(self, name: str, **more: Any) -> None:
        value = more.get("metavar") or "|".join(more.get("choices", ()))
        flag = f"{name} {value}" if value else name
        self.options.append((flag, str(more.get("help", ""))))

    def addini(self, name: str, told: str, **_: object) -> None:
        self.ini.append((name, told))


def page() -> str:
    """The page."""
    # Only this page needs pytest.
    import pytest_diya
    from harness.pytest_plugin.settings import Settings

    declared: Any = _Options()
    pytest_diya.pytest_addoption(declared)
    # Most names are options of `diya readiness`; the plugin's own help and docstrings are nearer.
    told = {
        each.dest: f"As `{each.option_strings[-1]}` of `diya readiness`."
        for each in parser.readiness_options()
        if each.option_strings
    }
    told |= {flag.split()[0][7:].replace("-", "_"): text for flag, text in declared.options}
    told |= docstrings.attributes(Settings)
    marked = [each for each in fields(Settings) if each.name not in ("out", "root")]
    return markdown.page(
        "The pytest plugin",
        _INTRO,
        "## Options",
        markdown.table(("option", "meaning"), _told(declared.options)),
        "## Values of the ini file",
        markdown.table(("name", "meaning"), _told(declared.ini)),
        "## The marker",
        _MARKER,
        markdown.table(
            ("name", "default", "meaning"),
            (
                (
                    markdown.code(each.name),
                    "" if each.default is MISSING else markdown.code(each.default),
                    markdown.sentence(told[each.name]),
                )
                for each in marked
            ),
        ),
        "## Expectations",
        _EXPECT,
        markdown.table(("name", "scope", "unit", "meaning"), map(_metric, METRICS.items())),
        "## Baselines",
        _BASELINES,
        markdown.table(
            ("name", "meaning", "unit", "needs one machine"),
            (
                (
                    markdown.code(each.key),
                    f"{each.title}.",
                    each.unit,
                    "yes" if each.needs_one_machine else "no",
                )
                for each in COMPARED
            ),
        ),
    )


def _told(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(markdown.code(name), markdown.sentence(told) + ".") for name, told in pairs]


def _metric(named: tuple[str, Metric]) -> tuple[str, str, str, str]:
    name, metric = named
    told = "Turns of this class of [violation](gates.md#continuity)."
    if name not in VIOLATIONS:
        told = MEANINGS[name]
    return markdown.code(name), metric.scope, _UNITS[id(metric.units)], told
