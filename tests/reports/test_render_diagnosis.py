"""The cause of a failed gate on the screen, on the page and in the summary."""

from __future__ import annotations

from typing import Any

from reports.render import html, summary_md, terminal
from tests.reports.conftest import stored

WHY = "Redis used 99 % of its one core"
HOSTILE = "<script>alert(1)</script>"


def diagnosed() -> dict[str, Any]:
    """A slow steady state with two causes and a hostile error."""
    result = stored("no_go")
    for gate in result["gates"]:
        if gate["name"] == "latency.steady_p99":
            gate |= {"status": "fail", "value": 4.7}
    result["diagnosis"] = [
        {
            "gate": "latency.steady_p99",
            "phase": "steady",
            "since": 44.0,
            "until": 110.0,
            "waits": 812,
            "cause": "redis_core",
            "sentence": f'{WHY}; most frequent error: "{HOSTILE}" (7 of 812)',
            "causes": [
                {"name": "redis_core", "sentence": WHY},
                {"name": "in_flight", "sentence": "replicas refused 40 requests"},
            ],
            "errors": [{"text": HOSTILE, "count": 7}],
            "queue": None,
        }
    ]
    return result


def test_the_screen_tells_why_under_the_gate() -> None:
    lines = terminal.render(diagnosed(), False, 100).splitlines()
    gate = next(n for n, line in enumerate(lines) if line.startswith("✗ Latency in the steady"))
    assert any(f"Why: {WHY}" in line for line in lines[gate : gate + 4])


def test_the_page_has_a_table_of_causes_and_escapes_server_texts() -> None:
    page = html.render(diagnosed())
    assert "<h2>Why</h2>" in page
    for words in (WHY, "replicas refused 40 requests", "0:44 to 1:50"):
        assert words in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; (7)" in page


def test_a_page_without_a_diagnosis_has_no_such_section() -> None:
    assert "<h2>Why</h2>" not in html.render(stored("no_go"))


def test_the_summary_tells_why() -> None:
    text = summary_md.render(diagnosed())
    assert f"Why Latency in the steady state failed: {WHY}" in text
    assert HOSTILE not in text
