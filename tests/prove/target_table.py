"""The table of `make prove-targets`: the runs side by side, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reports.gates import VIOLATIONS
from tests.prove.target_systems import BY_NAME, FLEET

OWN_WEAKNESS = frozenset({"continuity.half_turn", "continuity.duplicated"})
"""The gates that a server may fail that writes each event of a turn by itself."""
_HEAD = (
    *("system", "verdict", "fault took hold", "down", "first answer", "recovery"),
    *("disturbed turns", "longest wait"),
    *("turns answered", "lost turns", "half turns", "steady p50", "steady p99"),
)
_NO = "–"
_DISTURBED = 5
"""Fewer disturbed turns measure no recovery."""


@dataclass(frozen=True)
class Row:
    """One system's run."""

    name: str
    result: dict[str, Any] | None
    """Its `result.json`; None: there is none."""
    skipped: str = ""
    """Why it was not played; empty when it was."""
    broke: str = ""
    """Why there is no result; empty when there is one."""


def markdown(rows: Sequence[Row]) -> str:
    """The table, then each run's reason and what differs from the fleet's run."""
    lines = [_HEAD, ["---"] * len(_HEAD), *(_cells(row) for row in rows)]
    table = [f"| {' | '.join(line)} |" for line in lines]
    fleet = next((row.result for row in rows if row.name == FLEET), None)
    told = [f"- {BY_NAME[row.name].title}: {'; '.join(_told(row, fleet))}." for row in rows]
    return "\n".join([*table, "", *told])


def problems(rows: Iterable[Row]) -> list[str]:
    """What the runs do not show, a sentence each; a system that was skipped is none."""
    rows = list(rows)
    fleet = next((row.result for row in rows if row.name == FLEET), None)
    return [
        f"{row.name}: {problem}"
        for row in rows
        if not row.skipped
        for problem in _problems(row, fleet)
    ]


def _problems(row: Row, fleet: dict[str, Any] | None) -> Iterator[str]:
    result = row.result
    if result is None:
        yield row.broke or "there is no result"
        return
    faults = result["faults"]
    if len(faults) != 1:
        yield f"there must be one row of a fault, got {len(faults)}"
    for fault in faults:
        if not fault["took_hold"] or fault["error"] is not None:
            yield f"{fault['id']} must take hold without an error, got: {fault['error']}"
        if fault["recovered_at"] is None or fault["first_ok_s"] is None:
            yield f"{fault['id']} has no recovery"
        if fault["disturbed_turns"] < _DISTURBED:
            disturbed = fault["disturbed_turns"]
            yield f"{fault['id']} must disturb at least {_DISTURBED} turns, got {disturbed}"
    verdict, failing = result["verdict"], _failing(result)
    if BY_NAME[row.name].ours:
        wanted = "GO" if fleet is None else fleet["verdict"]
        if verdict != wanted or verdict == "INCONCLUSIVE":
            yield f"the verdict must be the fleet's, {wanted}, got {verdict}: {result['headline']}"
    elif verdict == "INCONCLUSIVE":
        yield f"there must be a verdict, got {verdict}: {result['headline']}"
    elif others := [name for name in failing if name not in OWN_WEAKNESS]:
        yield f"nothing explains the failed {', '.join(others)}: {result['headline']}"


def _cells(row: Row) -> list[str]:
    title, result = BY_NAME[row.name].title, row.result
    if result is None:
        why = "skipped" if row.skipped else "no result"
        return [title, why, *[_NO] * (len(_HEAD) - 2)]
    fault = result["faults"][0] if result["faults"] else {}
    counts, turns, steady = result["continuity"], result["turns"], result["latency"]["steady"]
    return [
        title,
        result["verdict"],
        "yes" if fault.get("took_hold") else "no",
        _seconds(fault.get("downtime_s")),
        _seconds(fault.get("first_ok_s")),
        _seconds(fault.get("recovery_s")),
        str(fault.get("disturbed_turns", _NO)),
        _seconds(fault.get("worst_outage_s")),
        f"{turns['ok']} of {turns['offered']}",
        str(counts["lost"] + counts["truncated"]),
        str(counts["half_turn"]),
        _seconds(steady["p50"]),
        _seconds(steady["p99"]),
    ]


def _told(row: Row, fleet: dict[str, Any] | None) -> Iterator[str]:
    result = row.result
    if result is None:
        yield f"skipped, because {row.skipped}" if row.skipped else row.broke
        return
    yield f"{result['verdict']}: {result['headline'].rstrip('.')}"
    counts = result["continuity"]
    others = {kind: counts[kind] for kind in VIOLATIONS if counts.get(kind)}
    if others:
        yield "violations: " + ", ".join(f"{n} {kind}" for kind, n in others.items())
    if row.name == FLEET or fleet is None:
        return
    reference = {gate["name"]: gate["status"] for gate in fleet["gates"]}
    for gate in result["gates"]:
        before = reference.get(gate["name"], "pass")
        if gate["status"] != before and not gate.get("out_of_sight"):
            yield f"`{gate['name']}` is {gate['status']}, {before} in the fleet: {gate['summary']}"
    unseen = dict.fromkeys(gate["name"] for gate in result["gates"] if gate.get("out_of_sight"))
    if unseen:
        yield "out of sight at this target: " + ", ".join(f"`{name}`" for name in unseen)


def _failing(result: dict[str, Any]) -> list[str]:
    return [gate["name"] for gate in result["gates"] if gate["status"] == "fail"]


def _seconds(value: float | None) -> str:
    if value is None:
        return _NO
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
