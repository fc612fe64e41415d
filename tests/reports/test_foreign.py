"""Findings on a foreign target, with and without evidence; customers that return after the TTL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from reports.checks import run_checks
from reports.checks.continuity import check_continuity
from reports.measures.continuity.attribution import attribute
from reports.measures.continuity.forgotten import FOREIGN_PATIENCE_S
from reports.records import NOT_SHOWN, Finding, HistoryItem, Seen, Status
from reports.records.history import History
from reports.records.run_description import EnvironmentDescription
from reports.verdict.verdict import Verdict, judge_findings
from tests.reports.a_run import TTL, Run, message, whole, witness


def _foreign(run: Run, directory: Path, *, ttl_known: bool = False) -> History:
    history = run.history(directory)
    info = structs.replace(
        history.run, foreign=True, ttl_known=ttl_known, environment=EnvironmentDescription()
    )
    return replace(history, run=info)


def _by_class(history: History) -> dict[str, Finding]:
    return {f.check.partition(".")[2]: f for f in check_continuity(history)}


def _failed(history: History) -> dict[str, float | None]:
    found = check_continuity(history)
    return {f.check.partition(".")[2]: f.value for f in found if f.status is Status.FAIL}


def _alone(turn_id: str) -> Seen:
    return witness(turn_id)


def test_a_session_gone_after_its_ttl_and_opened_again_is_no_loss(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn()
    back = talk.ended + TTL + 1
    talk.turn(at=back, seen=_alone("c0t1"), reopened=back + 0.05).audit(whole("c0t1"))
    history = run.history(tmp_path)
    assert _failed(history) == {}
    # The 404 on time proves that nothing is resurrected.
    assert _by_class(history)["resurrected"].status is Status.PASS


def test_a_session_gone_before_its_ttl_is_lost_though_the_customer_opened_another(
    tmp_path: Path,
) -> None:
    run = Run()
    talk = run.conversation().turn()
    back = talk.ended + 0.5
    talk.turn(at=back, seen=_alone("c0t1"), reopened=back + 0.05).audit(whole("c0t1"))
    assert _failed(run.history(tmp_path)) == {"lost": 1}


@pytest.mark.parametrize("shown_by", ["witness", "audit"])
def test_old_turns_in_a_new_session_are_resurrected(tmp_path: Path, shown_by: str) -> None:
    run = Run()
    talk = run.conversation().turn()
    back = talk.ended + TTL + 1
    seen = witness("c0t0", "c0t1") if shown_by == "witness" else _alone("c0t1")
    kept = whole("c0t1") if shown_by == "witness" else whole("c0t0", "c0t1")
    talk.turn(at=back, seen=seen, reopened=back + 0.05).audit(kept)
    assert list(_failed(run.history(tmp_path))) == ["resurrected"]


def test_a_target_of_unknown_ttl_may_keep_its_sessions(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn()
    talk.turn(at=talk.ended + TTL + 1).audit()
    history = _foreign(run, tmp_path)
    assert _failed(history) == {}
    assert _by_class(history)["resurrected"].status is Status.UNKNOWN
    assert "resurrected" in _failed(_foreign(run, tmp_path, ttl_known=True))


@pytest.mark.parametrize(("unsure", "failed"), [(1, []), (0, ["duplicated"])])
def test_a_retried_turn_may_be_there_once_for_each_attempt_that_may_have_happened(
    tmp_path: Path, unsure: int, failed: list[str]
) -> None:
    run = Run()
    talk = run.conversation().turn(attempts=2, unsure=unsure, seen=None)
    talk.audit(whole("c0t0", "c0t0"))
    history = _foreign(run, tmp_path)
    assert list(_failed(history)) == failed
    assert ("repeated" in _by_class(history)) == (not failed)


def test_the_reference_service_promises_that_a_retried_turn_happens_once(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(attempts=2, unsure=1).audit(whole("c0t0", "c0t0"))
    assert list(_failed(run.history(tmp_path))) == ["duplicated"]


def test_a_half_turn_beside_a_whole_one_is_still_a_violation(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn(attempts=2, unsure=1, seen=None)
    half = [*whole("c0t0")[:1], *whole("c0t0")]
    # Read at once, the forgotten attempt may still be writing the rest.
    talk.audit(half)
    found = _by_class(_foreign(run, tmp_path))
    assert found["half_turn"].status is Status.UNKNOWN
    talk.audit(half, at=talk.ended + FOREIGN_PATIENCE_S + 1)
    assert list(_failed(_foreign(run, tmp_path))) == ["half_turn"]


def test_a_turn_without_a_word_is_whole_without_a_reply(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn(reply=None)
    talk.audit([HistoryItem("c0t0", "message", message("c0t0"))])
    assert _failed(run.history(tmp_path)) == {}
    error = next(f for f in run_checks(run.history(tmp_path)) if f.check == "errors.rate")
    assert error.status is Status.FAIL
    assert "without a word" in error.evidence[0]


def test_a_service_that_drops_turn_ids_is_judged_by_texts_and_order(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn(seen=None).turn(seen=None)
    bare = [HistoryItem(None, item.kind, item.digest) for item in whole("c0t0", "c0t1")]
    talk.audit(bare)
    assert _failed(_foreign(run, tmp_path)) == {}
    talk.audits.clear()
    talk.audit(bare[:2] * 2)
    assert _failed(_foreign(run, tmp_path)) == {"duplicated": 1, "lost": 1}


def test_a_message_that_was_never_sent_is_assigned_to_no_turn() -> None:
    run = Run()
    talk = run.conversation().turn().audit()
    stranger = HistoryItem(None, "message", message("c9t9"))
    audit = msgspec.structs.replace(talk.audits[0], history=(stranger,))
    assert attribute(audit, talk.turns).history == (stranger,)


def test_a_target_may_be_go_with_some_gates_out_of_sight(tmp_path: Path) -> None:
    run = Run(samples=[])
    for start in range(10, 30):
        run.conversation(start).turn(seen=None).turn(seen=None).audit()
    findings = [f for f in run_checks(_foreign(run, tmp_path)) if "validity" not in f.check]
    unknown = {f.check for f in findings if f.status is Status.UNKNOWN}
    assert {"continuity.resurrected", "continuity.context_missed", "memory.ttl"} <= unknown
    assert all(f.out_of_sight for f in findings if f.status is Status.UNKNOWN)
    sound = Finding("validity.complete", "run", Status.PASS, None, None, "", "")
    assert judge_findings([sound, *findings]) is Verdict.GO
    ours = [f for f in run_checks(run.history(tmp_path)) if "validity" not in f.check]
    assert judge_findings([sound, *ours]) is not Verdict.GO


def test_a_target_that_could_not_be_read_back_is_not_go(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(seen=None).audit(status="unknown")
    findings = check_continuity(_foreign(run, tmp_path))
    assert {f.status for f in findings} == {Status.UNKNOWN}
    lost = next(f for f in findings if f.check == "continuity.lost")
    assert not lost.out_of_sight


@pytest.mark.parametrize(("unsure", "failed"), [(1, []), (0, ["reordered"])])
def test_an_attempt_that_was_given_up_may_run_beside_the_next_turn(
    tmp_path: Path, unsure: int, failed: list[str]
) -> None:
    run = Run()
    talk = run.conversation().turn(attempts=2, unsure=unsure, seen=None).turn(seen=None)
    first, second = whole("c0t0"), whole("c0t1")
    talk.audit([*first, second[0], first[1], *second[1:]])
    assert list(_failed(_foreign(run, tmp_path))) == failed


def _at_a2a(run: Run, directory: Path) -> History:
    history = _foreign(run, directory)
    return replace(history, run=structs.replace(history.run, door="a2a"))


def test_a_door_that_shows_no_session_leaves_the_context_unknown_and_it_counts(
    tmp_path: Path,
) -> None:
    run = Run()
    talk = run.conversation().turn(seen=None)
    talk.audit(whole("c0t0"))
    seen = {f.check: f for f in run_checks(_foreign(run, tmp_path / "adk"))}
    context = {f.check: f for f in run_checks(_at_a2a(run, tmp_path / "a2a"))}
    name = "continuity.context_missed"
    assert (seen[name].status, seen[name].out_of_sight) == (Status.UNKNOWN, True)
    assert (context[name].status, context[name].out_of_sight) == (Status.UNKNOWN, False)
    assert "--model-url" in context[name].summary


def test_a_conversation_that_a_door_cannot_read_back_is_unknown_with_the_doors_reason(
    tmp_path: Path,
) -> None:
    run = Run()
    talk = run.conversation().turn().audit(status="unknown")
    talk.audits[0] = structs.replace(talk.audits[0], error=f"{NOT_SHOWN}no tasks")
    history = _at_a2a(run, tmp_path)
    lost = _by_class(history)["lost"]
    assert lost.status is Status.UNKNOWN
    assert f"could not be read back ({NOT_SHOWN}no tasks)" in lost.summary
    # The target has refused nothing: that it shows no history is no error of its.
    assert not [f for f in run_checks(history) if f.check == "errors.reads"]


def _kill(run: Run, start: float, end: float) -> None:
    run.fault("process", start, end, target="agent-0")


def _lost(run: Run, directory: Path, *, ttl_known: bool = False) -> Finding:
    return _by_class(_foreign(run, directory, ttl_known=ttl_known))["lost"]


@pytest.mark.parametrize("opens_another", [True, False])
def test_sessions_gone_after_an_outage_longer_than_the_ttl_of_the_profile_may_be_lost(
    tmp_path: Path, opens_another: bool
) -> None:
    run = Run()
    talk = run.conversation().turn()
    back = talk.ended + TTL + 1
    _kill(run, talk.ended + 0.5, back - 0.5)
    # One service says that the session is gone, another begins it again in silence.
    told = back + 0.05 if opens_another else None
    talk.turn(at=back, seen=_alone("c0t1"), reopened=told).audit(whole("c0t1"))
    found = _lost(run, tmp_path)
    assert found.status is Status.UNKNOWN
    assert "1 sessions had expired or were lost: declare --ttl" in found.summary
    assert "beside process-1" in found.evidence[0]
    assert _lost(run, tmp_path, ttl_known=True).status is Status.PASS


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"foreign": True}, "the target's TTL is not declared (--ttl)"),
        (
            {"sessions": "postgresql", "services": {"sessions": "postgresql://db/shop"}},
            "the session service's TTL is not declared (--ttl)",
        ),
        # Neither takes the option.
        ({"sessions": "postgres"}, "the session service sets no TTL"),
        ({"foreign": True, "door": "a2a"}, "this door shows no session that expires"),
    ],
)
def test_the_option_for_the_ttl_is_named_only_where_it_can_be_given(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    run = Run()
    talk = run.conversation().turn()
    back = talk.ended + TTL + 1
    _kill(run, talk.ended + 0.5, back - 0.5)
    talk.turn(at=back, seen=_alone("c0t1"), reopened=back + 0.05).audit(whole("c0t1"))
    history = run.history(tmp_path)
    history = replace(history, run=structs.replace(history.run, ttl_known=False, **changes))
    found = {f.check: f.summary for f in run_checks(history)}
    assert why in found["continuity.resurrected"]
    assert "had expired or were lost" in found["continuity.lost"]
    named = [check for check, summary in found.items() if "--ttl" in summary]
    assert bool(named) is ("--ttl" in why), named


def test_a_session_that_is_gone_in_calm_shows_that_sessions_expire(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn()
    back = talk.ended + TTL + 1
    _kill(run, talk.ended + 0.5, back - 0.5)
    talk.turn(at=back, seen=_alone("c0t1"), reopened=back + 0.05).audit(whole("c0t1"))
    run.sound(start=back + 20)
    assert _lost(run, tmp_path).status is Status.PASS


def test_a_session_that_was_read_after_the_fault_was_not_lost_in_it(tmp_path: Path) -> None:
    run = Run()
    talk = run.conversation().turn()
    _kill(run, talk.ended + 0.5, talk.ended + 1)
    talk.audit(at=talk.ended + 2).audit(status="gone", at=talk.ended + TTL + 4, when="expired")
    assert _lost(run, tmp_path).status is Status.PASS
