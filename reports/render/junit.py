"""junit.xml: one test case per gate, so that any CI server can show the verdict."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from reports.render import formatting, view
from reports.render.view import Gate, Result

_PROBLEMS = {"fail": "failure", "unknown": "error"}


def render(result: Result) -> str:
    """The suite as XML in the form that common JUnit readers and schemas accept.

    A gate that failed is a failure, a gate without evidence is an error: neither is a success.
    """
    gates = view.gates(result)
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        {
            "name": "diya readiness",
            "package": "diya",
            "id": "0",
            # The schema allows no time zone and no fraction; it is UTC.
            "timestamp": formatting.clean(result.get("started") or "")[:19],
            "hostname": "localhost",
            "tests": str(len(gates)),
            "failures": str(sum(gate.status == "fail" for gate in gates)),
            "errors": str(sum(_problem(gate) == "error" for gate in gates)),
            "skipped": str(sum(gate.out_of_sight for gate in gates)),
            "time": f"{view.number(result, 'duration_s') or 0:.3f}",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("run_id", "name", "verdict", "seed", "headline"):
        value = formatting.value_text(result.get(name))
        ET.SubElement(properties, "property", {"name": name, "value": value})
    for gate in gates:
        _case(suite, gate)
    ET.SubElement(suite, "system-out").text = formatting.clean(result.get("headline") or "")
    ET.SubElement(suite, "system-err").text = "\n".join(view.reasons(result))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, "unicode") + "\n"


def _problem(gate: Gate) -> str | None:
    return "skipped" if gate.out_of_sight else _PROBLEMS.get(gate.status)


def _case(suite: ET.Element, gate: Gate) -> None:
    name = f"{gate.title}, {gate.where}" if gate.where else gate.title
    case = ET.SubElement(
        suite, "testcase", {"classname": f"diya.{gate.name}", "name": name, "time": "0"}
    )
    problem = _problem(gate)
    if problem:
        measured = f"measured {gate.value}, limit {gate.limit}"
        told = ET.SubElement(case, problem, {"message": gate.summary, "type": gate.name})
        told.text = "\n".join([measured, *gate.evidence])
