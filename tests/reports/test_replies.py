"""Replies that no model gave, and replies that never reached the customer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from reports.checks.replies import check_replies
from reports.records import Status
from reports.records.run_description import EnvironmentDescription
from tests.reports.a_run import Run, whole
from tests.reports.gated import busy, judge


@pytest.mark.parametrize("canned", [1, 6])
def test_a_reply_without_the_model_s_witness_fails(tmp_path: Path, canned: int) -> None:
    run = busy()
    for number in range(canned):
        run.conversation(start=10.0 + number).turn(seen=None).audit()
    finding = judge(run, tmp_path, "errors.unwitnessed")
    assert (finding.status, finding.value) == (Status.FAIL, canned)
    assert len(finding.evidence) == canned


def test_replies_that_all_carry_a_witness_pass(tmp_path: Path) -> None:
    assert judge(busy(), tmp_path, "errors.unwitnessed").status is Status.PASS


def test_another_model_need_not_bear_witness(tmp_path: Path) -> None:
    run = busy()
    run.model = "gemini-2.5-flash"
    run.conversation(start=10.0).turn(seen=None)
    assert check_replies(run.history(tmp_path)) == []


def test_a_service_that_drops_every_witness_is_the_continuity_s_to_judge(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(seen=None).turn(seen=None)
    assert check_replies(run.history(tmp_path)) == []


@pytest.mark.parametrize("foreign", [False, True])
def test_an_empty_answer_whose_reply_is_kept_fails(tmp_path: Path, foreign: bool) -> None:
    run = busy()
    run.conversation(start=10.0).turn(reply=None, seen=None).audit(whole("c40t0"))
    history = run.history(tmp_path)
    if foreign:
        history = replace(
            history,
            run=structs.replace(history.run, foreign=True, environment=EnvironmentDescription()),
        )
    (finding,) = [f for f in check_replies(history) if f.check == "errors.swallowed"]
    assert (finding.status, finding.value) == (Status.FAIL, 1)


def test_an_agent_that_says_nothing_keeps_nothing_from_the_customer(tmp_path: Path) -> None:
    run = busy()
    run.conversation(start=10.0).turn(reply=None, seen=None).audit(whole("c40t0")[:1])
    assert judge(run, tmp_path, "errors.swallowed").status is Status.PASS
