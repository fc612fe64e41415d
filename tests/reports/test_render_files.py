"""Writing the rendered files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.render import files as render
from reports.render import junit
from tests.reports.conftest import stored


def test_all_three_files_are_written_and_nothing_else(
    tmp_path: Path, result: dict[str, Any]
) -> None:
    render.write_all(tmp_path, result)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "junit.xml", "report.html", "summary.md",
    ]  # fmt: skip
    assert (tmp_path / "junit.xml").read_text(encoding="utf-8") == junit.render(result)


def test_files_are_as_readable_as_any_other_new_file(tmp_path: Path) -> None:
    render.write_all(tmp_path, stored("go"))
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "report.html").stat().st_mode == plain.stat().st_mode


def test_a_renderer_that_fails_leaves_the_files_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render.write_all(tmp_path, stored("go"))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def broken(result: dict[str, Any]) -> str:
        raise KeyError(result["verdict"])

    monkeypatch.setitem(render.RENDERERS, "junit.xml", broken)
    with pytest.raises(KeyError):
        render.write_all(tmp_path, stored("no_go"))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_file_that_cannot_be_replaced_leaves_no_remains(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OSError, match=r"report\.html"):
        render.write_all(tmp_path, stored("go"))
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
