"""junit.xml: one test case for each fact and each figure, so that any CI server shows them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from reports.comparison.model import Comparison, Word
from reports.render import formatting
from reports.render.comparison import view

_TAGS = {Word.WORSE: "failure", Word.UNDECIDED: "skipped", Word.NO_STATEMENT: "skipped"}


def render(comparison: Comparison, *, undecided_fails: bool = False) -> str:
    """The suite as XML in the form that common JUnit readers and schemas accept.

    A fact or a figure that is worse is a failure; one without a decision is skipped.  With
    `undecided_fails`, the undecided ones of an undecided whole are errors, and so is a whole
    without a statement.
    """
    failing = undecided_fails and comparison.word is Word.UNDECIDED
    tags = {**_TAGS, Word.UNDECIDED: "error"} if failing else _TAGS
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        {
            "name": "diya compare",
            "package": "diya",
            "id": "0",
            "hostname": "localhost",
            "timestamp": _time(comparison),
            "time": "0",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("word", comparison.word),
        ("headline", comparison.headline),
        ("A", view.side_line(comparison.a)),
        ("B", view.side_line(comparison.b)),
    ):
        found = {"name": name, "value": formatting.clean(value)}
        ET.SubElement(properties, "property", found)
    for fact in comparison.facts:
        told = f"{view.fact_title(fact)}: A {fact.a}, B {fact.b}"
        _case(suite, f"diya.compare.fact.{fact.key}", fact.title, tags.get(fact.word), told)
    for each in comparison.changes:
        row = view.row(each)
        told = ", ".join(
            part
            for part in (
                f"A {row.a}, B {row.b}, change {row.change}",
                f"95 % interval {row.interval}" if row.interval else "",
                f"margin {row.margin}" if row.margin else "",
                row.sample,
                f"smallest detectable change {row.detectable}" if row.detectable else "",
                row.why,
            )
            if part
        )
        _case(suite, f"diya.compare.figure.{each.key}", each.title, tags.get(each.word), told)
    if undecided_fails and comparison.word is Word.NO_STATEMENT:
        _case(suite, "diya.compare", "A statement can be made", "error", comparison.headline)
    _count(suite)
    ET.SubElement(suite, "system-out").text = formatting.clean(comparison.headline)
    ET.SubElement(suite, "system-err").text = "\n".join(view.forbidden(comparison))
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, "unicode") + "\n"


def _case(suite: ET.Element, kind: str, title: str, tag: str | None, told: str) -> None:
    names = {"classname": formatting.clean(kind), "name": formatting.clean(title), "time": "0"}
    case = ET.SubElement(suite, "testcase", names)
    if tag is not None:
        ET.SubElement(case, tag, {"message": formatting.clean(told), "type": names["classname"]})


def _count(suite: ET.Element) -> None:
    cases = suite.findall("testcase")
    counts = {"tests": len(cases)}
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[name] = sum(case.find(tag) is not None for case in cases)
    for name, count in counts.items():
        suite.set(name, str(count))


def _time(comparison: Comparison) -> str:
    """The start of the newest run, of which a run's name begins with; the epoch if none does."""
    starts = []
    for run in (*comparison.a.runs, *comparison.b.runs):
        stamp = run.partition("Z-")[0]
        if len(stamp) == 15 and stamp[8] == "T" and (stamp[:8] + stamp[9:]).isdigit():
            day, clock = stamp[:8], stamp[9:]
            starts.append(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}")
    return max(starts, default="1970-01-01T00:00:00")
