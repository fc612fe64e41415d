"""A test's runs beside a baseline, from stored results: nothing is played."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.pytest_plugin import fixture
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.fixture import Readiness
from harness.pytest_plugin.run import Run
from harness.pytest_plugin.settings import Settings
from tests.reports.history.a_folder import a_result

BYTES = "redis_bytes_per_turn not worse than main by 10%"
P99 = "p99 not worse than main by 10%"
SPREAD = (1.0, 1.01, 0.99, 1.005, 0.995)


class Repository:
    """A test's fixture with a baseline of five runs, whose own runs are stored results."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.notes: list[str] = []
        self.arguments: list[Sequence[str]] = []
        self._folder, self._next = folder, [a_result(28)]
        monkeypatch.setattr(fixture, "play", self._play)
        for day, x in enumerate(SPREAD, 1):
            self.keep(a_result(day, redis_bytes=2300 * x, p99=0.4 * x))

    def keep(self, result: dict[str, Any]) -> None:
        """Add this run to the baseline."""
        place = self._folder / "main" / result["name"]
        place.mkdir(parents=True)
        (place / "result.json").write_text(json.dumps(result))

    def readiness(self, baseline: tuple[str, ...] = ("main=main",), **chosen: Any) -> Readiness:
        """The fixture of the test."""
        settings = Settings(
            env="process", out=self._folder, root=self._folder, baseline=baseline, **chosen
        )
        return Readiness(settings, "test_it", self.notes.append)

    def run(self, readiness: Readiness, *results: dict[str, Any]) -> Run:
        """The last of the runs of the test, which had these results."""
        for result in results:
            self._next = [result]
            with readiness.running() as run:
                pass
        return run

    def _play(self, arguments: Sequence[str], root: Path) -> tuple[dict[str, Any], Path]:
        self.arguments.append(arguments)
        return self._next.pop(), root / "runs" / "x"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(tmp_path, monkeypatch)


def elsewhere(result: dict[str, Any]) -> dict[str, Any]:
    """The same run on another machine."""
    result["environment"]["machine"] = "b" * 12
    return result


def test_a_third_more_bytes_fail_the_test_and_the_message_has_both_values(
    repository: Repository,
) -> None:
    run = repository.run(repository.readiness(), a_result(28, redis_bytes=3000.0))
    with pytest.raises(AssertionError) as failed:
        run.expect(BYTES)
    head, _, screen = str(failed.value).partition("\n")
    assert head.startswith(f"expected {BYTES}: worse: Redis traffic a turn 2.25 KiB before, ")
    assert "2.93 KiB now, +30.4 % (95 %: " in head
    assert "report.html" in screen
    assert repository.notes == []


@pytest.mark.parametrize("name", ["redis_bytes_per_turn", "memory_peak"])
def test_the_same_bytes_pass_on_another_machine_too(repository: Repository, name: str) -> None:
    run = repository.run(repository.readiness(), elsewhere(a_result(28)))
    run.expect(f"{name} not worse than main by 10%")
    assert repository.notes == []


def test_latency_of_another_machine_is_no_statement_and_no_failure(repository: Repository) -> None:
    run = repository.run(repository.readiness(), elsewhere(a_result(28, p99=0.9)))
    run.expect(P99)
    (note,) = repository.notes
    assert note.startswith(f"expected {P99}: no statement: p99 in the steady state ")
    assert "machine" in note


def test_an_undecided_comparison_fails_on_demand(repository: Repository) -> None:
    run = repository.run(repository.readiness(undecided="fail"), elsewhere(a_result(28, p99=0.9)))
    with pytest.raises(AssertionError, match="no statement"):
        run.expect(P99)
    assert repository.notes == []


def test_latency_of_the_users_own_steady_machine_is_compared(repository: Repository) -> None:
    readiness = repository.readiness(same_machine=True)
    with pytest.raises(AssertionError, match="worse: p99 in the steady state 400 ms before"):
        repository.run(readiness, a_result(28, p99=0.6)).expect(P99)
    repository.run(repository.readiness(same_machine=True), a_result(28)).expect(P99)
    assert repository.notes == []


def test_an_own_name_of_the_plugin_is_compared(repository: Repository) -> None:
    slow = a_result(28)
    slow["latency"]["steady"]["p90"] *= 2
    run = repository.run(repository.readiness(same_machine=True), slow)
    with pytest.raises(AssertionError, match="worse: p90 in steady"):
        run.expect("p90 not worse than main by 10%")


def test_several_runs_of_a_test_are_one_side(repository: Repository) -> None:
    run = repository.run(
        repository.readiness(),
        *(a_result(20 + n, redis_bytes=3000.0 * x) for n, x in enumerate(SPREAD)),
    )
    with pytest.raises(AssertionError, match="5 runs of main, 5 of this test"):
        run.expect(BYTES)


def test_runs_with_other_faults_are_another_side(repository: Repository) -> None:
    readiness = repository.readiness()
    with readiness.running() as other:
        other.noop(at="1s")
    run = repository.run(readiness, a_result(28, redis_bytes=3000.0))
    with pytest.raises(AssertionError, match="5 runs of main, 1 of this test"):
        run.expect(BYTES)


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        ((), "no --diya-baseline was given"),
        (("main=empty",), "the baseline main holds no run"),
        (("main=other",), "none of the 1 runs of the baseline has this profile and these faults"),
    ],
)
def test_a_baseline_without_such_runs_is_no_statement(
    repository: Repository, tmp_path: Path, baseline: tuple[str, ...], why: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    other = a_result(1)
    other["profile"]["name"] = "soak"
    (tmp_path / "other" / "result.json").write_text(json.dumps(other))
    repository.run(repository.readiness(baseline), a_result(28)).expect(BYTES)
    assert repository.notes == [f"expected {BYTES}: no statement: {why}"]


def test_two_runs_of_a_baseline_do_not_show_their_spread(
    repository: Repository, tmp_path: Path
) -> None:
    for day in (3, 4, 5):
        (tmp_path / "main" / a_result(day)["name"] / "result.json").unlink()
    repository.run(repository.readiness(), a_result(28)).expect(BYTES)
    (note,) = repository.notes
    assert "no statement" in note


def test_the_run_keeps_the_comparison_with_its_records(
    repository: Repository, tmp_path: Path
) -> None:
    repository.run(repository.readiness(), a_result(28))
    assert f"--baseline={tmp_path}/main" in repository.arguments[0]


def test_a_mistyped_expectation_is_an_error(repository: Repository) -> None:
    run = repository.run(repository.readiness(), a_result(28))
    with pytest.raises(PlanError, match="did you mean main"):
        run.expect("p99 not worse than mian by 10%")


def test_a_baseline_that_is_not_there_is_an_error_before_anything_runs(
    repository: Repository,
) -> None:
    with pytest.raises(PlanError, match=r"--diya-baseline .*gone: must be"):
        repository.readiness(("main=gone",))
    assert repository.arguments == []
