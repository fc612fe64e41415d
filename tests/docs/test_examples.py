"""The examples of the pages work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from chaos.experiment import reader
from chaos.experiment.outside_action import OutsideAction
from loadtests.profiles import profile
from reports.capacity import prices
from reports.records import Status
from tests.docs.pages import DOCS, Block, blocks, example
from tests.harness.pytest_plugin.repository import THE_ISSUES
from tests.reports.a_run import Run
from tests.reports.gated import busy


def load(text: str, name: str) -> ModuleType:
    """The example as a module, so that dataclasses find their annotations."""
    module = ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("number", range(2))
def test_a_profile_of_the_page_is_valid(number: int, tmp_path: Path) -> None:
    texts = [each.text for each in blocks(DOCS / "profile.md") if each.language == "toml"]
    (tmp_path / "rpm.csv").write_text("60\n600\n120\n")
    (tmp_path / "mine.toml").write_text(texts[number])
    loaded = profile.load(str(tmp_path / "mine.toml"))
    assert loaded.name in ("my-night", "last-year")


def test_the_prices_of_the_page_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(example("answer-sheet.md", "toml"))
    found = prices.read(tmp_path / "mine.toml")
    assert found.currency == "INR"
    assert found.model is not None
    assert found.model.call == pytest.approx((1500 * 26 + 120 * 215) / 1e6)


def experiments() -> list[Block]:
    return [each for each in blocks(DOCS / "experiment.md") if each.language == "yaml"]


def test_the_experiment_of_the_page_is_valid(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(experiments()[0].text)
    found = reader.load(tmp_path / "my.yaml")
    assert [step.id for step in found.faults] == ["restart-redis-1", "rolling-restart-1"]


@pytest.mark.parametrize("number", range(1, 5))
def test_the_experiment_additions_of_the_page_are_accepted(number: int, tmp_path: Path) -> None:
    parts = experiments()
    assert len(parts) == 5
    (tmp_path / "my.yaml").write_text(parts[0].text + parts[number].text)
    found = reader.load(tmp_path / "my.yaml")
    assert found.notes == ()
    added = (bool(found.faults[0].at), len(found.steady_state), len(found.faults), found.topology)
    expected = [(True, 0, 2, None), (False, 1, 2, None), (False, 0, 3, None)]
    assert added == [*expected, (False, 0, 2, "sentinel")][number - 1]


def test_the_page_shows_the_tested_test() -> None:
    lines = [re.sub(r"  # .*", "", each) for each in example("ci.md", "python").splitlines()]
    assert lines == THE_ISSUES.strip().splitlines()


@pytest.mark.parametrize(("attempts", "status"), [(6, Status.PASS), (7, Status.FAIL)])
def test_the_check_of_the_page_judges(tmp_path: Path, attempts: int, status: Status) -> None:
    run = busy()
    turns = run.conversations[0].turns
    turns[0] = msgspec.structs.replace(turns[0], attempts=attempts)
    check = load(example("check.md", "python"), "a_check").check_attempts
    (finding,) = check(run.history(tmp_path))
    assert (finding.status, finding.value) == (status, attempts)


def test_the_check_of_the_page_is_unknown_without_a_turn(tmp_path: Path) -> None:
    check = load(example("check.md", "python"), "a_check").check_attempts
    (finding,) = check(Run().history(tmp_path))
    assert finding.status is Status.UNKNOWN


def test_the_experiment_that_breaks_a_staging_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.touch(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "my.yaml").write_text(example("break-your-staging.md", "yaml"))
    found = reader.load(tmp_path / "my.yaml")
    assert found.notes == ()
    pod, redis = (step.make() for step in found.faults)
    assert isinstance(pod, OutsideAction)
    assert isinstance(redis, OutsideAction)
    assert (pod.terms.undo, pod.terms.back_within_s) == (None, 120.0)
    assert redis.terms.undo is not None
    assert redis.terms.undo.by_hand() == (f"{kubectl} delete --ignore-not-found -f deny-redis.yaml")
