"""The traffic of all replicas between two moments, those that were killed included."""

from __future__ import annotations

from pathlib import Path

from tests.versus_sessions.traffic import _LINE, Traffic, between


def _write(file: Path, *lines: tuple[float, int, int, int]) -> None:
    file.write_bytes(b"".join(_LINE.pack(*each) for each in lines))


def test_the_rise_of_all_replicas_is_summed(tmp_path: Path) -> None:
    _write(tmp_path / "killed", (1.0, 10, 20, 1), (2.0, 30, 50, 3))
    _write(tmp_path / "alive", (3.0, 100, 200, 10), (9.0, 900, 900, 90))
    assert between(tmp_path, 1.5, 5.0) == Traffic(sent=120, received=230, trips=12)


def test_a_line_that_a_kill_cut_off_is_left_out(tmp_path: Path) -> None:
    _write(tmp_path / "killed", (1.0, 10, 20, 1))
    with (tmp_path / "killed").open("ab") as file:
        file.write(_LINE.pack(2.0, 99, 99, 99)[:-1])
    assert between(tmp_path, 0.0, 5.0) == Traffic(sent=10, received=20, trips=1)


def test_nothing_is_known_where_nothing_was_counted(tmp_path: Path) -> None:
    assert between(tmp_path, 0.0, 5.0) is None
