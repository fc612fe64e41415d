"""Who answered a turn: by the header of the answer, else by the key of the call of the model."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from reports.measures.replicas import answerers, moves, replicas_seen
from tests.reports import model_log
from tests.reports.a_run import Run
from tests.reports.gated import judge

TALKS = 40


def nameless(moving: int) -> Run:
    """A target whose answers name no replica and whose model's stand-in was called by pods; so many
    conversations move to another pod."""
    run = Run(replicas=None, foreign=True, stand_in=True)
    for number in range(TALKS):
        home, other = ("pod-a", "pod-b") if number % 2 else ("pod-b", "pod-a")
        talk = run.conversation(start=6.0 + number).turn(replica=home)
        talk.turn(replica=other if number < moving else home)
    model_log.log(run)
    for talk in run.conversations:
        talk.turns = [structs.replace(turn, replica=None) for turn in talk.turns]
    run.fault("kill-pods", 20.0, 22.0, target="pods")
    return run


def test_the_keys_of_the_calls_name_the_replicas_where_no_answer_does(tmp_path: Path) -> None:
    history = nameless(moving=15).history(tmp_path)
    who = answerers(history)
    assert (who.known_by, set(who.names), who.count) == (
        "model calls",
        {None, "pod-a", "pod-b"},
        2,
    )
    assert moves(history) == (15, TALKS)
    assert replicas_seen(history) == set()


@pytest.mark.parametrize(("moving", "status"), [(0, "fail"), (15, "pass")])
def test_moves_between_replicas_are_judged_by_the_keys_of_the_calls(
    tmp_path: Path, moving: int, status: str
) -> None:
    assert judge(nameless(moving), tmp_path, "validity.spread").status == status


def test_calls_with_a_key_that_names_nobody_leave_the_spread_unknown(tmp_path: Path) -> None:
    run = nameless(moving=15)
    run.calls = [structs.replace(call, caller="") for call in run.calls]
    assert judge(run, tmp_path, "validity.spread").status == "unknown"


def test_the_header_counts_before_the_keys(tmp_path: Path) -> None:
    run = nameless(moving=15)
    first = run.conversations[0]
    first.turns = [structs.replace(turn, replica="r1") for turn in first.turns]
    who = answerers(run.history(tmp_path))
    assert (who.known_by, who.count) == ("header", 1)
