"""The files of a folder are spread over the whole, and the long ones are first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests import order


def item(file: str, kind: str) -> Any:
    return SimpleNamespace(
        nodeid=f"tests/{file}::test_it",
        get_closest_marker=lambda name: name if name == kind else None,
    )


def arranged(*items: Any) -> list[str]:
    given = list(items)
    order.arrange(given)
    assert sorted(map(id, given)) == sorted(map(id, items))
    return [test.nodeid.removeprefix("tests/").partition("::")[0] for test in given]


def test_the_files_of_a_folder_are_spread_over_the_whole_the_same_in_every_run() -> None:
    waiting = [item(f"chaos/test_{number}.py", "service") for number in range(50)]
    computing = [item(f"reports/test_{number}.py", "unit") for number in range(50)]
    files = arranged(*waiting, *computing)
    assert files == arranged(*computing, *waiting)
    half = sum(file.startswith("chaos/") for file in files[:50])
    assert 15 <= half <= 35


def test_a_new_file_moves_no_other_one() -> None:
    names = [f"chaos/test_{number}.py" for number in range(20)]
    before = arranged(*(item(name, "unit") for name in names))
    after = arranged(*(item(name, "unit") for name in ["a/test_new.py", *names]))
    assert [file for file in after if file != "a/test_new.py"] == before


def test_files_that_share_replicas_are_the_work_of_one_worker() -> None:
    sharing = {order.unit_of_work(f"tests/{file}") for file in order.SHARING}
    assert len(sharing) == 1
    assert order.unit_of_work("tests/chaos/test_proxy.py") == "tests/chaos/test_proxy.py"
    for file in order.SHARING:
        assert "pair" in (Path(__file__).parent / file).read_text(encoding="utf-8"), file


def test_the_long_files_are_first_and_no_file_is_split() -> None:
    long = order.LONG[0]
    tests = [item("a.py", "unit"), item(long, "unit"), item("a.py", "service"), item(long, "run")]
    assert arranged(*tests) == [long, long, "a.py", "a.py"]
