"""How the load was sized stands in the first lines of every report."""

from __future__ import annotations

import pytest

from reports.render import html, summary_md, terminal
from tests.reports.conftest import stored

LINE = "sized to this machine: 0.46 × diwali, peak 32.2 of 70 turns/s"


def test_the_sizing_stands_in_the_first_lines() -> None:
    result = stored("go")
    assert terminal.render(result, color=False).splitlines()[3].startswith(LINE)
    assert summary_md.render(result).split("\n\n")[2].startswith(LINE)
    banner = html.render(result).partition("</header>")[0]
    assert f'<p class="run">{LINE}; 2 cores carry 54.8, at 36.5 ms of CPU a turn</p>' in banner


@pytest.mark.parametrize("sizing", [None, {}])
def test_a_load_that_was_not_sized_has_no_such_line(sizing: object) -> None:
    result = stored("go") | {"sizing": sizing}
    assert "sized" not in terminal.render(result, color=False)
    assert "sized" not in summary_md.render(result)
    assert "sized to this" not in html.render(result)


def test_an_incomplete_sizing_is_still_shown() -> None:
    result = stored("go") | {"sizing": {"mode": "given", "factor": None}}
    assert "sized as asked: ? × diwali, peak ? of ? turns/s" in summary_md.render(result)
