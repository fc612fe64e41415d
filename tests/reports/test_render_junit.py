"""junit.xml, read back."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from reports.render import junit
from tests.reports.conftest import stored

PROBLEMS = {"pass": None, "fail": "failure", "unknown": "error"}


def _suite(result: dict[str, Any]) -> ET.Element:
    suite = ET.fromstring(junit.render(result)).find("testsuite")
    assert suite is not None
    return suite


def test_every_gate_is_one_test_case_of_the_right_kind(result: dict[str, Any]) -> None:
    suite = _suite(result)
    cases = suite.findall("testcase")
    wanted = sorted((f"diya.{gate['name']}", gate["status"]) for gate in result["gates"])
    seen = []
    for case in cases:
        tags = [child.tag for child in case]
        status = next(s for s, tag in PROBLEMS.items() if tags == ([tag] if tag else []))
        seen.append((case.attrib["classname"], status))
    assert sorted(seen) == wanted


def test_the_counts_of_the_suite_are_the_counts_of_its_cases(result: dict[str, Any]) -> None:
    suite = _suite(result)
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))


def test_the_suite_has_the_attributes_and_the_order_that_the_schema_asks_for() -> None:
    suite = _suite(stored("no_go"))
    assert {"name", "timestamp", "hostname", "tests", "failures", "errors", "time"} <= {
        *suite.attrib
    }
    assert suite.attrib["timestamp"] == "2026-11-22T14:02:12"
    tags = list(dict.fromkeys(child.tag for child in suite))
    assert tags == ["properties", "testcase", "system-out", "system-err"]
    for case in suite.findall("testcase"):
        assert {"classname", "name", "time"} == {*case.attrib}
        assert all({"message", "type"} == {*problem.attrib} for problem in case)


def test_evidence_with_control_characters_still_makes_readable_xml() -> None:
    failure = _suite(stored("no_go")).find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert '<script>alert("x")</script>' in failure.text
    assert "\x1b" not in failure.text
