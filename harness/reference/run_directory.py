"""The page of a run directory: its files, and the fields of every record."""

from __future__ import annotations

import re
from enum import EnumMeta

from msgspec import structs

from harness.reference import docstrings, markdown
from reports import records

_BOUNDS = re.compile(r"Annotated\[(\w+),.*\]")
_INTRO = """\
Each run has a directory `runs/<utc>-<profile>-<seed>/` (`--out DIR` chooses another place). The
records are one JSON object a line, append-only and flushed, so that a killed run is still
readable. All times are seconds since the run's `origin` in `run.json` (Unix time, seconds). A
field that holds its default is left out of the line. `diya report RUN_DIR` makes `result.json`
and the reports again from the other files."""

_FILES = {
    "run.json": "The plan: profile, seed, topology, versions, host, sizing, and the command that "
    "plays it again. Written first.",
    "experiment.yaml": "The experiment as it was read, or as it was drawn.",
    "forecast.json": "The forecast of Redis memory.",
    "rehearsal-turns.jsonl": "Turns of the rehearsal ([TurnRecord](#turnrecord)), where a stand-in "
    "plays the model: the judge learns from them what the agent drops by design.",
    "model-script.json": "The calls of tools that the journeys say, for the stand-in of the model.",
    "latency.hlog": "Latency and lag of every second, as an HdrHistogram log.",
    "control.jsonl": "Orders to the load generator (faults of the load).",
    "rehearsal.log": "The output of the rehearsal, under `logs/`.",
    "windows.jsonl": "The faults that `diya report --windows` was given "
    "([FaultWindow](#faultwindow)).",
    "marks.token": "The token of `--marks`, while the run lasts; only its user can read it.",
    "logs/": "The log of every process.",
    "result.json": "The verdict with its evidence ([fields](result.md)).",
    "report.html": "The report as one page without references to other files.",
    "summary.md": "The report for a CI job's summary.",
    "junit.xml": "One test case for each gate.",
}
"""Files without a type of record."""

_SHARED = {
    "conversation": "The number of the planned arrival, from 0.",
    "journey": "The customer's journey.",
    "fate": "Its fate, see [Fate](#fate).",
    "outcome": "The outcome of the turn, see [Outcome](#outcome).",
    "step": "From one arrival's number to the next.",
    "replica": "The replica that answered; None: no answer came.",
    "error": "The error; None: there was none.",
    "name": "The probe's name in the experiment.",
    "at": "When it was asked.",
    "done": "When it was answered, or given up.",
    "t": "When it was read, or when it happened.",
    "source": "The source that was read.",
    "values": "The numbers, by name.",
    "mark": "Which moment it is.",
    "digest": "`digest` of the text: 16 hexadecimal digits of its SHA-256.",
}
"""Fields that need no docstring of their own."""


def page() -> str:
    """The page."""
    rows = [
        (markdown.code(file), f"Records: [{kind.__name__}](#{kind.__name__.lower()}).")
        for kind, file in records.FILES.items()
    ]
    rows += [(markdown.code(file), told) for file, told in _FILES.items()]
    parts = [_INTRO, markdown.table(("file", "holds"), rows)]
    for kind, file in records.FILES.items():
        parts += [f"## {kind.__name__}", f"`{file}`. {docstrings.whole(kind)}", _fields(kind)]
    parts += [
        "## Parts of records",
        "`Seconds`, `Count`, `Small` and `Reading` are numbers; `| None` marks a field that may be "
        "null.",
    ]
    for part in (records.Seen, records.HistoryItem, records.Signatures):
        told = docstrings.whole(part)
        if part.__struct_config__.array_like:
            told += " Written as a list of these values, in this order."
        parts += [f"### {part.__name__}", told, _fields(part)]
    for names in (records.Outcome, records.Fate):
        parts += [f"### {names.__name__}", docstrings.whole(names), _values(names)]
    return markdown.page("The run directory", *parts)


def _fields(kind: type) -> str:
    told = docstrings.attributes(kind)
    rows = []
    for each in structs.fields(kind):
        written = _BOUNDS.sub(r"\1", kind.__annotations__[each.name])
        name = markdown.code(each.name) if each.required else f"`{each.name}` (optional)"
        meaning = told.get(each.name) or _SHARED[each.name]
        rows.append((name, markdown.code(written), meaning))
    return markdown.table(("field", "type", "meaning"), rows)


def _values(names: EnumMeta) -> str:
    told = docstrings.attributes(names)
    rows = [(markdown.code(each.value), told.get(each.name, "")) for each in names]  # type: ignore[var-annotated]
    return markdown.table(("value", "meaning"), rows)
