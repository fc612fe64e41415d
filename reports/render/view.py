"""The common view of a result (result.json) for all outputs: its parts and their order.

The renderers take their tables and sentences from here, so that the terminal, the page and the
summary always agree.  All functions accept nulls and missing parts, because the result of a killed
run must still be readable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reports.gates import GROUPS, VIOLATIONS
from reports.gates import gate as row_of
from reports.render import formatting

Result = dict[str, Any]

SYMBOLS = {"pass": "✓", "fail": "✗", "unknown": "?"}
STATUS_WORDS = {"pass": "passed", "fail": "failed", "unknown": "unknown"}
VERDICT_SYMBOLS = {"GO": "✓", "NO-GO": "✗", "INCONCLUSIVE": "?"}

PERCENTILES = ("p50", "p90", "p95", "p99", "p999", "max")
PERCENTILE_TITLES = {"p999": "p99.9"}
SMALL_SAMPLE = 300
"""With fewer turns than this, the slowest turn is judged instead of a p99."""

_SEVERITY = {"fail": 0, "unknown": 1, "pass": 2}


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of the verdict."""

    name: str
    title: str
    phase: str
    value: str
    limit: str
    status: str
    summary: str
    evidence: tuple[str, ...]
    used: float
    """The used share of the limit, from 0 to 1 (0 if that makes no sense)."""
    out_of_sight: bool = False
    """Unknown because the target, the model or the agent does not show it; not counted in the
    verdict."""
    sample: str = ""
    """The sample of a share or a percentile: `n 38, 95 %: 1.31 s to 1.70 s`."""
    judged_as: str = ""
    """`p99`, `share`, `slowest` or `none`; empty for gates on something else."""

    @property
    def short(self) -> str:
        """A short title of the gate, which says `slowest` if the value is not a p99."""
        short = row_of(self.name).short or self.title
        return short.replace("p99", "slowest") if self.judged_as == "slowest" else short

    @property
    def group(self) -> str:
        """The first part of the name, for example `continuity`."""
        return self.name.partition(".")[0]

    @property
    def where(self) -> str:
        """The phase in words; empty when the title says it already."""
        words = "" if self.phase in {"", "run", "all"} else phase_words(self.phase)
        if "a fault" in self.title:
            # The title says `Latency during a fault`, so only the fault's name is needed.
            return words.removeprefix("during ").removeprefix("after ")
        return "" if words in self.title else words


@dataclass(frozen=True, slots=True)
class GateGroup:
    """The gates of one question."""

    title: str
    gates: tuple[Gate, ...]

    @property
    def status(self) -> str:
        """The worst status of the group."""
        return min((gate.status for gate in self.gates), key=lambda status: _SEVERITY[status])

    def tally(self) -> str:
        """`9 of 9 passed`, or `2 failed, 1 unknown, 6 passed`."""
        passed = sum(gate.status == "pass" for gate in self.gates)
        if passed == len(self.gates):
            return f"{passed} of {passed} passed"
        return tally(self.gates)


def number(values: Any, *path: str) -> float | None:
    """The number at `path` in nested dicts; None when anything on the way is missing."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return None if isinstance(values, bool) or not isinstance(values, int | float) else values


def part(result: Result, key: str) -> dict[str, Any]:
    """A section of the result; empty when it is missing or null."""
    section = result.get(key)
    return section if isinstance(section, dict) else {}


def gates(result: Result) -> list[Gate]:
    """All gates: failed first, then unknown, then passed, else in the order of the result."""
    found = [_gate(raw) for raw in result.get("gates") or ()]
    return sorted(found, key=lambda gate: _SEVERITY[gate.status])


def _gate(raw: dict[str, Any]) -> Gate:
    unit = str(raw.get("unit") or "")
    status = str(raw.get("status"))
    name = formatting.clean(raw.get("name") or "gate")
    value, limit = number(raw, "value"), number(raw, "limit")
    return Gate(
        name=name,
        title=formatting.clean(raw.get("title") or name),
        phase=formatting.clean(raw.get("phase") or ""),
        value=formatting.quantity(value, unit),
        limit=formatting.limit(limit, unit),
        # An unknown status proves nothing.
        status=status if status in _SEVERITY else "unknown",
        summary=formatting.clean(raw.get("summary") or ""),
        evidence=tuple(formatting.clean(line) for line in raw.get("evidence") or ()),
        used=value / limit if value and limit else 0.0,
        out_of_sight=status == "unknown" and raw.get("out_of_sight") is True,
        sample=_sample(raw, unit),
        judged_as=formatting.clean(part(raw, "sample").get("judged_as") or ""),
    )


def _sample(raw: dict[str, Any], unit: str) -> str:
    n, low, high = (number(raw, "sample", key) for key in ("n", "low", "high"))
    if n is None:
        return ""
    end = "or more" if high is None else f"to {formatting.quantity(high, unit)}"
    confidence = formatting.share(number(raw, "sample", "confidence"))
    return f"n {formatting.count(n)}, {confidence}: {formatting.quantity(low, unit)} {end}"


def why(result: Result, name: str, phase: str) -> str:
    """Why this gate failed, in one sentence; empty without a diagnosis."""
    for each in diagnoses(result):
        if (each.get("gate"), each.get("phase")) == (name, phase):
            return formatting.clean(each.get("sentence") or "")
    return ""


def diagnoses(result: Result) -> list[dict[str, Any]]:
    """The diagnoses of the failed gates; none in results of older versions."""
    return [each for each in result.get("diagnosis") or () if isinstance(each, dict)]


def groups(result: Result) -> list[GateGroup]:
    """The gates by question (continuity, latency, ...), in the order of the design."""
    by_group: dict[str, list[Gate]] = {name: [] for name in GROUPS}
    for gate in gates(result):
        by_group.setdefault(gate.group, []).append(gate)
    return [
        GateGroup(name.replace("_", " ").capitalize(), tuple(members))
        for name, members in by_group.items()
        if members
    ]


def tally(some: Sequence[Gate]) -> str:
    """`2 failed, 1 unknown, 6 passed`; zeros are left out."""
    words = []
    for status, word in STATUS_WORDS.items():
        number_of = sum(gate.status == status for gate in some)
        if number_of:
            words.append((_SEVERITY[status], f"{number_of} {word}"))
    return ", ".join(text for _, text in sorted(words)) or "no gates"


def alike(some: Sequence[Gate]) -> list[list[Gate]]:
    """Gates grouped by equal sentences, since ten unknown gates often have one cause."""
    together: dict[tuple[str, str, str], list[Gate]] = {}
    for gate in some:
        together.setdefault((gate.group, gate.status, gate.summary), []).append(gate)
    return list(together.values())


def _tightest(passed: Sequence[Gate]) -> list[Gate]:
    """Of each kind of gate with a margin, the one with the smallest margin."""
    tightest: dict[str, Gate] = {}
    for gate in sorted(passed, key=lambda gate: -gate.used):
        # A value equal to the limit is a count that had to be reached, not a margin.
        # A share of 0 depends on its sample size, so it is shown.
        if gate.sample or gate.used not in {0.0, 1.0}:
            tightest.setdefault(gate.title, gate)
    return list(tightest.values())


def essence(passed: Sequence[Gate], result: Result) -> str:
    """The summary of a group of passed gates: the tightest value of each kind of gate."""
    tightest = _tightest(passed)
    if tightest:
        return ", ".join(f"{gate.title} {gate.value} (limit {gate.limit})" for gate in tightest)
    whole = [gate for gate in gates(result) if gate.group == passed[0].group]
    if passed[0].group == "continuity" and len(passed) == len(whole):
        return f"{violations(result)}, {continuity_note(result)}"
    if len(passed) == 1:
        return passed[0].summary
    return ", ".join(dict.fromkeys(gate.title for gate in passed))


def essence_in_short(passed: Sequence[Gate], result: Result) -> str:
    """As `essence`, for a line of a terminal: `fault p99 1.86 s of 12 s, steady p99 ...`."""
    tightest = _tightest(passed)
    if not tightest:
        return essence(passed, result)
    return ", ".join(gate.short + _of_limit(gate) for gate in tightest)


def _of_limit(gate: Gate) -> str:
    # `0.48 of the bound` names its reference already.
    of = "" if " of " in gate.value else f" of {gate.limit}"
    return f" {gate.value}{of}" + (f" ({gate.sample})" if gate.sample else "")


def reasons(result: Result) -> list[str]:
    """The sentences behind the verdict, worst first."""
    return [formatting.clean(line) for line in result.get("reasons") or ()]


def phase_words(phase: str) -> str:
    """`fault:kill-redis` is `during kill-redis`, `recovery:kill-redis` is `after kill-redis`."""
    phase = formatting.clean(phase)
    kind, _, fault = phase.partition(":")
    if fault and kind in {"fault", "recovery"}:
        return f"{'during' if kind == 'fault' else 'after'} {fault}"
    return {"all": "whole run", "steady": "steady state", "warmup": "warm-up"}.get(phase, phase)


def latency_phases(result: Result) -> list[tuple[str, dict[str, Any]]]:
    """The latency table: steady, warm-up, each fault with its recovery, then the whole run."""
    table = {name: row for name, row in part(result, "latency").items() if isinstance(row, dict)}
    faults = [str(fault.get("id")) for fault in faults_of(result)]
    wanted = ["steady", "warmup"]
    wanted += [f"{kind}:{fault}" for fault in faults for kind in ("fault", "recovery")]
    order = [name for name in wanted if name in table]
    order += [name for name in table if name not in order and name != "all"]
    order += [name for name in ("all",) if name in table]
    return [(name, table[name]) for name in order]


def faults_of(result: Result) -> list[dict[str, Any]]:
    """The faults that were injected, in the order of their start."""
    rows = [fault for fault in result.get("faults") or () if isinstance(fault, dict)]
    return sorted(rows, key=lambda fault: number(fault, "start") or 0.0)


def violations(result: Result) -> str:
    """`20 violations`; a dash when nothing was audited, since missing evidence is not zero."""
    continuity = part(result, "continuity")
    known = [n for key in VIOLATIONS if (n := number(continuity, key)) is not None]
    if not known or not (sum(known) or number(continuity, "conversations_audited")):
        return formatting.MISSING
    return formatting.plural(sum(known), "violation")


def continuity_note(result: Result) -> str:
    """The violations, and the evidence behind the continuity verdict."""
    continuity = part(result, "continuity")
    audited = number(continuity, "conversations_audited")
    found = [
        f"{formatting.count(n)} {row.short}"
        for key, row in VIOLATIONS.items()
        if (n := number(continuity, key))
    ]
    note = ", ".join([*found, f"{formatting.plural(audited, 'conversation')} audited"])
    within = number(continuity, "within_durability")
    if within:
        note += f", {formatting.count(within)} lost within the declared durability"
    return note


def turns_note(result: Result) -> str:
    """`0 failed, 9 indeterminate, 31 retried`."""
    turns = part(result, "turns")
    keys = ("failed", "indeterminate", "retried")
    return ", ".join(f"{formatting.count(number(turns, key))} {key}" for key in keys)


def memory_note(result: Result) -> str:
    """`4.21 MiB before the load, 4.30 MiB after the TTL of 30 s`, or that it was not measured."""
    memory = part(result, "memory")
    if number(memory, "peak_bytes") is None:
        return "never sampled"
    before = formatting.size(number(memory, "baseline_bytes"))
    after = formatting.size(number(memory, "final_bytes"))
    ttl = formatting.seconds(number(memory, "ttl_seconds"))
    return f"{before} before the load, {after} after the TTL of {ttl}"


def forecast_note(result: Result) -> str:
    """`the forecast said 4.05 MiB at the peak, 1.9 % below the measured one`; empty without one."""
    forecast = part(part(result, "memory"), "forecast")
    predicted, error = number(forecast, "predicted_peak_bytes"), number(forecast, "error")
    if predicted is None:
        return ""
    said = f"the forecast said {formatting.size(predicted)} at the peak"
    if error is None:
        return said
    return f"{said}, {abs(error):.1%} {'above' if error > 0 else 'below'} the measured one"


def worst_outage(result: Result) -> tuple[float, str] | None:
    """The longest outage of one customer (seconds), and its fault."""
    known = [
        (outage, formatting.clean(fault.get("id")))
        for fault in faults_of(result)
        if (outage := number(fault, "worst_outage_s")) is not None
    ]
    return max(known, default=None)


def run_line(result: Result) -> str:
    """The identity of the run: profile, seed, replicas, sessions, compression, and whether it was
    simulated."""
    environment = part(result, "environment")
    words = [
        f"profile {formatting.clean(part(result, 'profile').get('name') or formatting.MISSING)}"
    ]
    words.append(f"seed {formatting.value_text(result.get('seed'))}")
    replicas = number(environment, "replicas")
    if replicas is not None:
        words.append(formatting.plural(replicas, "replica"))
    if environment.get("sessions"):
        words.append(f"sessions {formatting.clean(environment['sessions'])}")
    compression = number(environment, "compression")
    if compression is not None and compression != 1:
        words.append(f"time compressed {formatting.count(compression)}×")
    if result.get("simulated"):
        words.insert(0, "simulated")
        words.append(f"calibration {formatting.clean(result['simulated'])}")
    return " · ".join(words)


def flatten(values: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as (`slo.steady_p99_s`, `0.8`) pairs."""
    for key, value in values.items() if isinstance(values, dict) else ():
        name = f"{prefix}{formatting.clean(key)}"
        if isinstance(value, dict):
            yield from flatten(value, f"{name}.")
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            numbered = {str(index): item for index, item in enumerate(value)}
            yield from flatten(numbered, f"{name}.")
        else:
            yield name, formatting.value_text(value)
