"""The grounds of a conviction: the declared durability and the evidence; without them, unknown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.checks.continuity import check_continuity
from reports.gates import VIOLATIONS
from reports.records import HistoryItem, Outcome, Status, digest
from tests.reports.a_run import TTL, Run, message, reply, said, whole, witness
from tests.reports.convictions import Judge, findings, three_turns


def test_turns_lost_with_the_power_within_the_declared_durability_are_counted_apart(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("power-loss", 20.0, 22.0)
    assert convictions(run) == {}
    found = findings(run, tmp_path)
    assert found["within_durability"].value == 1
    assert found["lost"].value == 0


def test_turns_lost_with_a_killed_process_are_lost_at_every_durability(
    convictions: Judge,
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0)
    assert convictions(run) == {"lost": 1}


def test_turns_that_a_killed_server_itself_lost_are_counted_apart(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0, server_lost_since=19.01)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["within_durability"].value == 1


def test_turns_lost_before_the_killed_server_lost_anything_are_lost(convictions: Judge) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=17.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0, server_lost_since=19.5)
    assert convictions(run) == {"lost": 1}


@pytest.mark.parametrize(("kept_until", "lost"), [(18.9, {}), (19.4, {"lost": 1})])
def test_writes_after_the_last_kept_one_of_a_killed_server_may_be_lost(
    convictions: Judge, kept_until: float, lost: dict[str, int]
) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 19.2, 22.0, server_kept_until=kept_until)
    assert convictions(run) == lost


def test_a_server_without_probes_for_long_is_not_excused(convictions: Judge) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=17.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0, server_kept_until=10.0)
    assert convictions(run) == {"lost": 1}


@pytest.mark.parametrize(
    ("kind", "saw"),
    [
        ("kill-redis", {"server_kept_until": 19.99}),
        ("kill-redis", {"server_lost_since": 19.0}),
        ("power-loss", {"server_lost_since": 19.0}),
    ],
)
def test_writes_acknowledged_while_redis_is_down_are_not_excused(
    convictions: Judge, tmp_path: Path, kind: str, saw: dict[str, float]
) -> None:
    run = Run()
    conversation = run.conversation(start=21.0)
    for second in range(5):
        conversation.turn(at=21.0 + second)
    conversation.audit([], at=31.0)
    run.fault(kind, 20.0, 30.0, injected=20.1, **saw)
    assert convictions(run) == {"lost": 5}
    assert "within_durability" not in findings(run, tmp_path)


@pytest.mark.parametrize(
    ("durability", "saw"),
    [
        ("aof-everysec", {"server_lost_since": 19.9}),
        ("rdb", {"server_lost_since": 19.9}),
        ("replicated", {"server_lost_since": 19.9}),
        ("replicated", {"server_kept_until": 19.9}),
    ],
)
@pytest.mark.parametrize(
    ("took", "convicted"),
    [
        (0.2, {}),  # the answer was on its way when the server died
        (3.0, {"lost": 1}),  # another server, or the next life of this one, has acknowledged it
    ],
)
def test_an_answer_that_was_on_its_way_when_the_server_died_may_be_in_vain(
    convictions: Judge,
    durability: str,
    saw: dict[str, float],
    took: float,
    convicted: dict[str, int],
) -> None:
    run = Run(durability=durability)
    run.conversation(start=15.0).turn(at=15.0).turn(at=19.97, took=took).audit(whole("c0t0"))
    run.fault("failover", 20.0, 22.0, injected=20.02, **saw)
    assert convictions(run) == convicted


def test_turns_lost_since_the_last_snapshot_are_lost_as_declared(
    convictions: Judge, tmp_path: Path
) -> None:
    run = Run(durability="rdb")
    run.conversation(start=5.0).turn(at=5.0).turn(at=9.0).audit(whole("c0t0"), at=25.0)
    run.fault("kill-redis", 20.0, 22.0, server_lost_since=7.0, injected=20.0)
    assert convictions(run) == {}
    assert findings(run, tmp_path)["within_durability"].value == 1


def test_turns_lost_with_the_power_but_long_before_it_are_lost(convictions: Judge) -> None:
    run = Run()
    run.conversation(start=5.0).turn(at=5.0).turn(at=12.0).audit(whole("c0t0"), at=25.0)
    run.fault("power-loss", 20.0, 22.0)
    assert convictions(run) == {"lost": 1}


def test_evidence_names_turn_replica_and_the_fault_beside_it(tmp_path: Path) -> None:
    run = Run()
    three_turns(run).audit(whole("c0t0", "c0t2"))
    run.fault("kill-redis", 11.0, 12.0)
    (line,) = findings(run, tmp_path)["lost"].evidence
    assert "conversation 0, turn c0t1" in line
    assert "r02" in line
    assert "r07" in line
    assert "kill-redis-1 (11.0–12.0 s)" in line


def test_evidence_stops_at_twenty_lines_and_the_count_does_not(tmp_path: Path) -> None:
    run = Run()
    for _ in range(30):
        run.conversation().turn().audit([])
    lost = findings(run, tmp_path)["lost"]
    assert len(lost.evidence) == 20
    assert lost.value == 30


def test_conversations_that_could_not_be_read_back_leave_continuity_unknown(
    tmp_path: Path,
) -> None:
    run = Run()
    for number in range(50):
        run.sound() if number else run.conversation().turn().audit(status="unknown")
    assert {f.status for f in check_continuity(run.history(tmp_path))} == {Status.UNKNOWN}


def test_to_be_gone_when_its_ttl_is_over_is_not_to_be_read_back(tmp_path: Path) -> None:
    for unanswered in ("unknown", None):
        run = Run()
        for number in range(40):
            conversation = run.conversation(start=10.0 + number / 10).turn().turn()
            if unanswered:
                conversation.audit(status=unanswered)
            conversation.audit(status="gone", at=conversation.ended + TTL + 1.5, when="expired")
        lost = findings(run, tmp_path)["lost"]
        assert lost.status is Status.UNKNOWN
        assert "40 of 40 conversations could not be read back" in lost.summary


def test_one_unanswered_audit_in_two_hundred_is_within_the_tolerance(tmp_path: Path) -> None:
    run = Run()
    for number in range(200):
        run.sound() if number else run.conversation().turn().audit(status="unknown")
    assert {f.status for f in check_continuity(run.history(tmp_path))} == {Status.PASS}


def test_a_run_without_conversations_knows_nothing_of_continuity(tmp_path: Path) -> None:
    assert {f.status for f in check_continuity(Run().history(tmp_path))} == {Status.UNKNOWN}


def test_a_service_that_stamps_no_turn_ids_cannot_be_judged_by_its_histories(
    tmp_path: Path,
) -> None:
    run = Run()
    items = [
        HistoryItem(None, "message", message("c0t0")),
        HistoryItem(None, "reply", reply("c0t0")),
    ]
    run.conversation().turn().audit(items)
    assert findings(run, tmp_path)["lost"].status is Status.UNKNOWN


def test_no_witness_from_the_scripted_model_leaves_the_context_unknown(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn(seen=None).turn(seen=None).audit()
    found = findings(run, tmp_path)
    assert found["context_missed"].status is Status.UNKNOWN
    assert found["lost"].status is Status.PASS


def test_no_witness_from_the_agent_s_own_model_leaves_the_context_unknown(tmp_path: Path) -> None:
    run = Run(model="gemini-2.5-flash")
    run.conversation().turn(seen=None).turn(seen=None).audit()
    context = findings(run, tmp_path)["context_missed"]
    assert (context.status, context.out_of_sight) == (Status.UNKNOWN, True)
    assert "no witness" in context.summary


def test_without_a_read_after_the_ttl_resurrection_is_unknown(tmp_path: Path) -> None:
    run = Run()
    run.conversation().turn().audit()
    assert findings(run, tmp_path)["resurrected"].status is Status.UNKNOWN


def guilty(kind: str) -> Run:
    """A run that is convicted of this class, beside a fault from 11 to 12 s."""
    run = Run()
    run.fault("kill-redis", 11.0, 12.0)
    talk = three_turns(run)
    other = HistoryItem("c0t1", "reply", digest("another reply"))
    half = [*whole("c0t0"), said("c0t1"), *whole("c0t2")]
    histories = {
        "lost": whole("c0t0", "c0t2"),
        "truncated": whole("c0t2"),
        "duplicated": [*whole("c0t0", "c0t1", "c0t1"), *whole("c0t2")],
        "forked": [*whole("c0t0"), said("c0t1"), other, *whole("c0t2")],
        "half_turn": half,
        "reordered": whole("c0t0", "c0t2", "c0t1"),
        "phantom": [*whole("c0t0", "c0t1", "c0t2"), *whole("nobody")],
        "leaked": [*whole("c0t0", "c0t1", "c0t2"), *whole("c1t0")],
    }
    if kind in histories:
        talk.audit(histories[kind])
        run.conversation(start=40.0).turn().audit()
    elif kind == "lost session":
        talk.audit(status="gone")
    elif kind == "lost session, told to the customer":
        talk.turn(outcome=Outcome.FAIL, status=404).audit(status="gone")
    elif kind == "resurrected":
        talk.audit().audit(at=talk.ended + TTL + 1, when="expired")
    elif kind == "context_missed":
        talk.turn(seen=witness("c0t3")).audit()
    elif kind == "another customer's session":
        talk.audit(user="somebody else")
    return run


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("lost", r"turn c0t1: sent 11\.200 s, done 11\.400 s, ok by r02, read back from r"),
        ("truncated", r"turn c0t0: sent 10\.000 s, done .* ok by r01, read back from r"),
        ("duplicated", r"turn c0t1: sent 11\.200 s, .* ok by r02, read back from r"),
        ("forked", r"turn c0t1: sent 11\.200 s, .* ok by r02, read back from r"),
        ("half_turn", r"turn c0t1: sent 11\.200 s, .* ok by r02, read back from r"),
        ("reordered", r"turn c0t1: sent 11\.200 s, .* ok by r02, read back from r"),
        ("phantom", r"turn nobody: read back from r.* a message with turn id nobody"),
        (
            "leaked",
            r"turn c1t0: read back from r.* a turn of conversation 1, sent 40\.000 s, ok by r02",
        ),
        ("lost session", r"read back from r.* c0t2, acknowledged at 12\.600 s by r03"),
        (
            "lost session, told to the customer",
            r"turn c0t3: sent 13\.600 s, answered by r04; .* c0t2, acknowledged at 12\.600 s",
        ),
        ("resurrected", r"read back from r.* c0t2, acknowledged at 12\.600 s by r03"),
        ("context_missed", r"turn c0t3: sent 13\.600 s, answered by r04; .* c0t2, acknowledged at"),
        ("another customer's session", r"the session: read back from r.*user somebody else"),
    ],
)
def test_the_evidence_of_every_class_names_turn_times_replicas_and_fault(
    kind: str, told: str, tmp_path: Path
) -> None:
    found = findings(guilty(kind), tmp_path)
    name = kind if kind in VIOLATIONS else "leaked" if "customer's" in kind else "lost"
    (line,) = found[name].evidence
    assert line.startswith("conversation 0, ")
    assert re.search(told, line), line
    beside = r" at \d+\.\d+ s; beside kill-redis-1 \(11\.0–12\.0 s\)"
    assert re.search(beside, line), line


@pytest.mark.parametrize(
    ("since", "lost"),
    [
        (None, {"lost": 1}),
        (19.5, {"lost": 1}),  # the turn was acknowledged at 19.1 s
        (18.0, {}),
    ],
)
def test_a_declared_loss_excuses_the_writes_since_its_time(
    convictions: Judge, since: float | None, lost: dict[str, int]
) -> None:
    run = Run(durability=None)
    run.conversation(start=5.0).turn(at=5.0).turn(at=19.0).audit(whole("c0t0"), at=25.0)
    run.fault("marked", 20.0, 22.0, declared="marked", may_lose_since=since)
    assert convictions(run) == lost


@pytest.mark.parametrize(("at", "lost"), [(23.0, {}), (26.5, {"lost": 1})])
def test_a_declared_loss_ends_with_its_window(
    convictions: Judge, at: float, lost: dict[str, int]
) -> None:
    run = Run(durability=None)
    run.conversation(start=5.0).turn(at=5.0).turn(at=at).audit(whole("c0t0"), at=29.0)
    run.fault("marked", 20.0, 25.0, declared="marked", may_lose_since=18.0)
    assert convictions(run) == lost


@pytest.mark.parametrize(("shown", "lost"), [(None, {}), (21.0, {"lost": 1}), (24.0, {})])
def test_a_declared_loss_ends_when_its_evidence_shows_the_fault_while_the_action_runs_on(
    convictions: Judge, shown: float | None, lost: dict[str, int]
) -> None:
    run = Run(durability=None)
    run.conversation(start=5.0).turn(at=5.0).turn(at=23.0).audit(whole("c0t0"), at=29.0)
    run.fault("process", 20.0, 26.0, injected=25.0, may_lose_since=18.0, shown_at=shown)
    assert convictions(run) == lost
