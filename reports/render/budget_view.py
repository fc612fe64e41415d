"""The run's error budget in words, as the screen, the page and the summary show it."""

from __future__ import annotations

from typing import Any

from reports.render import formatting
from reports.render.view import Result, number, part


def budget_spent(fault: dict[str, Any]) -> str:
    """The share of the run's error budget that a fault spent; `∞` if the budget is 0."""
    budget = fault.get("budget")
    if not isinstance(budget, dict):
        return formatting.MISSING
    spent = number(budget, "spent")
    return "∞" if spent is None else formatting.share(spent)


def budget_note(result: Result) -> str:
    """The budget, and the part that the whole run spent; empty without one."""
    budget = part(result, "error_budget")
    if number(budget, "slow_limit_s") is None:
        return ""
    failed, slow = (formatting.count(number(budget, key)) for key in ("failed", "slow"))
    may_fail, may_be_slow = (
        formatting.count(number(budget, f"{key}_allowed")) for key in ("failed", "slow")
    )
    limit = formatting.seconds(number(budget, "slow_limit_s"))
    return (
        f"The run's error budget, by its objectives: {may_fail} turns without an answer and "
        f"{may_be_slow} answered later than {limit}. It spent {failed} and {slow}, "
        f"{budget_spent({'budget': budget})} of the budget that is used up first."
    )
