"""For the tests of continuity: the classes of violation found in a hand-written run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reports.checks.continuity import check_continuity
from reports.records import Finding
from tests.reports.a_run import Conversation, Run

Judge = Callable[[Run], dict[str, int]]
"""The fixture `convictions`: class -> count."""


def findings(run: Run, tmp_path: Path) -> dict[str, Finding]:
    """The findings on continuity by class."""
    return {f.check.partition(".")[2]: f for f in check_continuity(run.history(tmp_path))}


def three_turns(run: Run) -> Conversation:
    """A conversation of three acknowledged turns, not yet read back."""
    conversation = run.conversation()
    return conversation.turn().turn().turn()
