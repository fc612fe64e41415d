"""The terminal screen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reports.render import terminal
from tests.reports.conftest import stored


@pytest.mark.parametrize("width", [80, 100, 132])
def test_the_screen_holds_every_result(result: dict[str, Any], width: int) -> None:
    lines = terminal.render(result, False, width, "report.html").splitlines()
    assert len(lines) <= 40
    assert max(len(line) for line in lines) <= width


def test_the_screen_holds_the_worst_result_one_can_think_of() -> None:
    result = stored("no_go")
    gate, fault = result["gates"][0], result["faults"][0]
    result["headline"] = "everything is lost " * 40
    result["gates"] = [
        {**gate, "status": "fail", "title": f"{k} {'title ' * 30}", "summary": f"{k} lost " * 90}
        for k in range(60)
    ]
    result["faults"] = [{**fault, "id": f"{'very-long-name-' * 9}{k}"} for k in range(30)]
    steady = result["latency"]["steady"]
    result["latency"] |= {f"fault:{fault['id']}": steady for fault in result["faults"]}
    lines = terminal.render(result, False, 80, "report.html").splitlines()
    assert len(lines) <= 40
    assert max(len(line) for line in lines) <= 80
    assert any("more in the report" in line for line in lines)


def test_a_failed_gate_is_shown_before_passed_ones() -> None:
    lines = terminal.render(stored("no_go"), False, 100).splitlines()
    signs = [line[0] for line in lines if line[:2] in {"✗ ", "? ", "✓ "}]
    assert signs == sorted(signs, key="✗?✓".index)
    assert "NO-GO" in lines[0]


@pytest.mark.parametrize("width", [80, 100])
def test_passed_gates_are_shown_in_full(width: int) -> None:
    screen = terminal.render(stored("go"), False, width)
    gates = screen.partition("Gates  28 passed\n")[2].partition("\n\n")[0]
    assert "…" not in gates
    said = " ".join(gates.split())
    assert "fault p99 2.02 s of 3 s, steady p99 412 ms of 800 ms, outage 2.02 s of 4 s" in said


def test_passed_gates_use_one_line_when_gates_failed() -> None:
    lines = terminal.render(stored("no_go"), False, 80).splitlines()
    (latency,) = [line for line in lines if line.startswith("✓ Latency")]
    assert latency.endswith("…")
    assert lines[lines.index(latency) + 1].startswith("✓ ")


def test_gates_that_are_unknown_for_one_reason_share_one_entry() -> None:
    screen = terminal.render(stored("inconclusive"), False, 100)
    assert "? 10 gates: Turns lost" in screen
    assert screen.count("No turn was recorded.") < 10


def test_colour_adds_nothing_but_colour(result: dict[str, Any]) -> None:
    colored = terminal.render(result, True, 80)
    assert "\x1b[" in colored
    bare = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    # Ends of lines differ only by blanks that a style shielded from being cut.
    plain = terminal.render(result, False, 80)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


def test_a_run_cannot_write_escape_sequences_to_the_terminal() -> None:
    result = stored("no_go")
    result["headline"] = result["gates"][0]["summary"] = "\x1b]0;owned\x07 \x9b31m"
    screen = terminal.render(result, False, 80)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", screen)


def test_a_gate_with_an_unknown_status_does_not_count_as_passed() -> None:
    result = stored("go")
    result["gates"][0]["status"] = "splendid"
    assert "1 unknown, 27 passed" in terminal.render(result, False, 80)


def test_a_passed_gate_states_its_sample() -> None:
    result = stored("go")
    sample = {"n": 3310, "low": 0.391, "high": 0.43, "confidence": 0.95, "judged_as": "p99"}
    few = {"n": 12, "low": 0.38, "high": None, "confidence": 0.95, "judged_as": "slowest"}
    for gate in result["gates"]:
        if gate["name"] == "latency.steady_p99":
            gate["sample"] = sample
        if gate["phase"] == "fault:kill-redis-1" and gate["name"] == "latency.fault_p99":
            gate["sample"] = few
    screen = " ".join(terminal.render(result, color=False, width=120).split())
    assert "steady p99 412 ms of 800 ms (n 3,310, 95 %: 391 ms to 430 ms)" in screen
    assert "fault slowest 2.02 s of 3 s (n 12, 95 %: 380 ms or more)" in screen


def test_a_share_of_zero_states_its_sample() -> None:
    result = stored("go")
    gate = next(gate for gate in result["gates"] if gate["name"] == "errors.rate")
    gate |= {"value": 0.0, "limit": 0.001}
    gate["sample"] = {"n": 130, "low": 0, "high": 0.028, "confidence": 0.95, "judged_as": "none"}
    result["gates"].append({**gate, "name": "errors.deletes", "sample": None, "title": "Deletes"})
    screen = " ".join(terminal.render(result, color=False, width=120).split())
    assert "unanswered 0 % of 0.10 % (n 130, 95 %: 0 % to 2.80 %)" in screen
