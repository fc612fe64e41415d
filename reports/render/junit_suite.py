"""The frame of a junit.xml, in the form that common JUnit readers and schemas accept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

from reports.render import formatting

_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


class Suite:
    """One suite of test cases; every text is cleaned of what XML cannot hold."""

    def __init__(
        self, name: str, timestamp: str, duration_s: float, properties: Mapping[str, str]
    ) -> None:
        """`timestamp` has no time zone and no fraction, as the schema wants it; it is UTC."""
        self._root = ET.Element("testsuites")
        self._suite = ET.SubElement(
            self._root,
            "testsuite",
            {
                "name": name,
                "package": "diya",
                "id": "0",
                "timestamp": formatting.clean(timestamp),
                "hostname": "localhost",
                **dict.fromkeys(("tests", *_COUNTS), "0"),
                "time": f"{duration_s:.3f}",
            },
        )
        rows = ET.SubElement(self._suite, "properties")
        for key, value in properties.items():
            ET.SubElement(rows, "property", {"name": key, "value": formatting.clean(value)})

    def add(
        self, kind: str, title: str, tag: str | None, message: str, lines: Iterable[str] = ()
    ) -> None:
        """A test case of `diya.KIND`: `tag` is failure, error or skipped, None for a success."""
        kind = formatting.clean(kind)
        names = {"classname": f"diya.{kind}", "name": formatting.clean(title), "time": "0"}
        case = ET.SubElement(self._suite, "testcase", names)
        if tag is not None:
            told = {"message": formatting.clean(message), "type": kind}
            ET.SubElement(case, tag, told).text = _lines(lines) or None

    def xml(self, out: str, err: Iterable[str]) -> str:
        """The whole file; `out` and `err` are what the suite says."""
        cases = self._suite.findall("testcase")
        self._suite.set("tests", str(len(cases)))
        for name, tag in _COUNTS.items():
            self._suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
        ET.SubElement(self._suite, "system-out").text = formatting.clean(out)
        ET.SubElement(self._suite, "system-err").text = _lines(err)
        ET.indent(self._root)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(self._root, "unicode") + "\n"
        )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(formatting.clean(line) for line in lines)
