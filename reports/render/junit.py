"""junit.xml: one test case per gate, so that any CI server can show the verdict."""

from __future__ import annotations

from reports.render import formatting, view
from reports.render.junit_suite import Suite
from reports.render.view import Gate, Result

_PROBLEMS = {"fail": "failure", "unknown": "error"}


def render(result: Result) -> str:
    """The suite as XML in the form that common JUnit readers and schemas accept.

    A gate that failed is a failure, a gate without evidence is an error: neither is a success.
    """
    properties = ("run_id", "name", "verdict", "seed", "headline")
    suite = Suite(
        "diya readiness",
        str(result.get("started") or "")[:19],
        view.number(result, "duration_s") or 0.0,
        {name: formatting.value_text(result.get(name)) for name in properties},
    )
    for gate in view.gates(result):
        name = f"{gate.title}, {gate.where}" if gate.where else gate.title
        lines = (f"measured {gate.value}, limit {gate.limit}", *gate.evidence)
        suite.add(gate.name, name, _problem(gate), gate.summary, lines)
    return suite.xml(result.get("headline") or "", view.reasons(result))


def _problem(gate: Gate) -> str | None:
    return "skipped" if gate.out_of_sight else _PROBLEMS.get(gate.status)
