"""The error budget: the allowed errors, the share the run spent, and the share of each fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.measures.budget import Budget
from reports.records import Outcome
from reports.render import budget_view
from reports.verdict.judge import judge
from tests.reports.a_run import Run

BUDGET = Budget(failed_allowed=2.0, slow_allowed=20.0, slow_limit_s=2.0)


@pytest.mark.parametrize(
    ("failed", "slow", "spent"),
    [
        (0, 0, 0.0),
        (1, 0, 0.5),
        (0, 5, 0.25),
        (1, 15, 0.75),  # the budget that is used up first
        (4, 5, 2.0),
    ],
)
def test_the_spent_share_is_the_larger_of_the_two_budgets(
    failed: int, slow: int, spent: float
) -> None:
    assert BUDGET.of(failed, slow).spent == spent


def test_a_budget_of_zero_has_no_spent_share_after_a_bad_turn() -> None:
    none = Budget(failed_allowed=0.0, slow_allowed=20.0, slow_limit_s=2.0)
    assert none.of(0, 5).spent == 0.25
    assert none.of(1, 0).spent is None


def a_run_with_one_costly_fault() -> Run:
    """A hundred turns: three slow and two unanswered beside a kill, one slow much later."""
    run = Run()
    for number in range(10):
        conversation = run.conversation(start=6.0 + number / 10)
        for _ in range(9):
            conversation.turn()
        conversation.audit()
    hit = [run.conversation(start=30.0 + number / 10) for number in range(5)]
    for conversation in hit[:3]:
        conversation.turn(took=2.5).audit()
    for conversation in hit[3:]:
        conversation.turn(outcome=Outcome.FAIL, took=1.0)
    for number in range(5):
        run.conversation(start=50.0 + number).turn(took=3.0 if number == 0 else 0.2).audit()
    run.fault("kill-replica", 30.0, 32.0)
    run.fault("kill-redis", 40.0, 41.0)
    return run


@pytest.fixture
def result(tmp_path: Path) -> dict[str, Any]:
    return judge(a_run_with_one_costly_fault().write(tmp_path / "run"))


def test_each_fault_is_charged_with_the_turns_it_made_bad(result: dict[str, Any]) -> None:
    costly, free = (fault["budget"] for fault in result["faults"])
    # 100 turns: 0.1 of them may go unanswered, 1 may be slow.
    assert (costly["failed"], costly["slow"]) == (2, 3)
    assert costly["spent"] == pytest.approx(20.0)
    assert free == {"failed": 0, "slow": 0, "spent": 0.0}


def test_the_run_is_charged_with_every_bad_turn(result: dict[str, Any]) -> None:
    budget = result["error_budget"]
    assert budget["failed_allowed"] == pytest.approx(0.1)
    assert budget["slow_allowed"] == pytest.approx(1.0)
    assert (budget["failed"], budget["slow"], budget["slow_limit_s"]) == (2, 4, 2.0)


def test_a_result_without_a_budget_shows_a_dash_and_never_a_zero() -> None:
    assert budget_view.budget_spent({}) == "–"
    assert budget_view.budget_spent({"budget": {"failed": 1, "slow": 0, "spent": None}}) == "∞"
    assert budget_view.budget_note({}) == ""
