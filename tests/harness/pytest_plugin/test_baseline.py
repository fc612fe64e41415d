"""The runs of a baseline: their labels and paths."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.pytest_plugin import baseline
from harness.pytest_plugin.errors import PlanError
from harness.run.directory.stored_results import of_the_load
from tests.reports.history.a_folder import a_result

WHERE = "expect('p99 not worse than main by 10%')"


def keep(path: Path, day: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(a_result(day)))


def names(root: Path, words: list[str], label: str = "main") -> list[str]:
    """The runs that the baseline of that label holds."""
    found = [baseline.read(word, root) for word in words]
    return [str(result["name"])[6:8] for _, result in baseline.runs(found, label, WHERE)]


def test_folders_run_directories_and_files_are_one_baseline(tmp_path: Path) -> None:
    keep(tmp_path / "kept" / "x" / "result.json", 1)
    keep(tmp_path / "kept" / "y" / "z" / "result.json", 2)
    keep(tmp_path / "run" / "result.json", 3)
    keep(tmp_path / "other.json", 4)
    assert names(tmp_path, ["kept", "main=run", "other.json"]) == ["01", "02", "03", "04"]


def test_the_home_directory_may_be_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    keep(tmp_path / "kept" / "x" / "result.json", 1)
    assert names(Path("/"), ["~/kept"]) == names(Path("/"), ["main=~/kept"]) == ["01"]


def test_a_label_chooses_its_paths_and_those_without_a_label(tmp_path: Path) -> None:
    for day, name in enumerate(("main", "release", "any"), 1):
        keep(tmp_path / name / "result.json", day)
    words = ["main=main", "release=release", "any"]
    assert names(tmp_path, words, "main") == ["01", "03"]
    assert names(tmp_path, words, "release") == ["02", "03"]
    assert names(tmp_path, words, "other") == ["03"]


def test_an_unknown_label_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    keep(tmp_path / "kept" / "result.json", 1)
    with pytest.raises(PlanError, match=r"baseline 'mian' is not known \(did you mean main\?\)"):
        names(tmp_path, ["main=kept"], "mian")


def test_a_path_with_an_equals_sign_that_exists_is_a_path(tmp_path: Path) -> None:
    keep(tmp_path / "main=kept" / "result.json", 1)
    assert names(tmp_path, ["main=kept"], "other") == ["01"]


def test_an_empty_folder_is_a_baseline_without_runs(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    assert names(tmp_path, ["main=kept"]) == []
    assert names(tmp_path, []) == []


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("main=gone", "--diya-baseline .*gone: must be a run directory, a folder of those or a"),
        ("other.json", "--diya-baseline .*other.json: must be the result of a run, got another"),
    ],
)
def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path, word: str, said: str) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(PlanError, match=said):
        names(tmp_path, [word])


@pytest.mark.parametrize("folder", [True, False])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"gates": [{}]}, r"gates must be a list of gates, each with name, phase and status"),
        ({"faults": 3}, "faults must be a list of faults, each with an id, got 3"),
        ({"started": "yesterday"}, "started must be a date and time, got 'yesterday'"),
    ],
)
def test_a_damaged_result_is_refused_before_anything_is_played(
    tmp_path: Path, folder: bool, values: dict[str, object], said: str
) -> None:
    file = tmp_path / "kept" / "x" / "result.json"
    keep(file, 1)
    file.write_text(json.dumps({**a_result(1), **values}))
    with pytest.raises(PlanError, match=f"--diya-baseline {file}: {said}"):
        baseline.read("kept" if folder else "kept/x/result.json", tmp_path)


@pytest.mark.parametrize("folder", [True, False])
def test_a_result_that_was_cut_off_is_refused(tmp_path: Path, folder: bool) -> None:
    file = tmp_path / "kept" / "x" / "result.json"
    keep(file, 1)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(PlanError, match=f"--diya-baseline {file}: cannot be read: .*char"):
        baseline.read("kept" if folder else "kept/x/result.json", tmp_path)


def test_other_json_and_runs_without_a_result_are_left_out_of_a_folder(tmp_path: Path) -> None:
    keep(tmp_path / "kept" / "x" / "result.json", 1)
    for name in ("other/result.json", "broken_off/run.json"):
        file = tmp_path / "kept" / name
        file.parent.mkdir()
        file.write_text("{}")
    assert names(tmp_path, ["kept"]) == ["01"]


def test_the_run_keeps_the_comparison_where_there_is_one_baseline(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    def arguments(*words: str) -> list[str]:
        return baseline.arguments([baseline.read(word, tmp_path) for word in words])

    assert arguments("main=a", "main=b") == [f"--baseline={tmp_path}/{name}" for name in "ab"]
    assert arguments("main=a", "release=b") == arguments() == []
    found = [baseline.read("a", tmp_path)]
    assert baseline.arguments(found, same_machine=True)[1:] == ["--same-machine"]


def test_only_runs_of_the_same_profile_and_faults_are_chosen() -> None:
    others = [a_result(2), a_result(3)]
    others[0]["profile"]["name"] = "soak"
    others[1]["experiment"]["planned"] = ["kill-redis-1"]
    found = [(Path("x"), each) for each in (a_result(1), *others)]
    assert [result["name"][6:8] for _, result in of_the_load(found, a_result(4))] == ["01"]


def test_runs_from_before_the_profile_was_edited_are_left_out() -> None:
    old, new = a_result(1), a_result(2)
    old["profile"]["duration_s"] = 50.0
    found = [(Path("x"), each) for each in (old, new)]
    assert [result["name"][6:8] for _, result in of_the_load(found, a_result(3))] == ["02"]
    assert of_the_load(found[:1], a_result(3)) == found[:1]
