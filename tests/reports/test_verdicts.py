"""The judge against a model of its own, briefly; `make prove-judge` does thousands."""

from __future__ import annotations

import random

import pytest

from reports.records import Status
from tests.prove.verdicts.harm import HARMS
from tests.prove.verdicts.trial import acquit, convict, judge
from tests.prove.verdicts.world import draw


def test_no_correct_service_is_convicted() -> None:
    trial = acquit(range(200))
    assert trial.examples == []


@pytest.mark.parametrize("kind", HARMS)
def test_nearly_every_harm_is_found(kind: str) -> None:
    trial = convict(kind, 30)
    assert trial.convicted >= 29, trial.examples


def test_most_correct_services_leave_nothing_open() -> None:
    assert acquit(range(200)).unknown <= 20


def test_the_model_draws_every_case_it_must_prove() -> None:
    worlds = [draw(seed) for seed in range(100)]
    turns = [turn for world in worlds for turn in world.turns]
    assert any(turn.reopened is not None for turn in turns)
    assert any(turn.unsure and turn.outcome == "ok" for turn in turns)
    assert any(turn.outcome == "info" for turn in turns)
    assert any(record.deleted for world in worlds for record in world.conversations)
    assert {0.0, 1.0} < {world.redacted for world in worlds}
    lost = [f for world in worlds for f in judge(world) if f.check.endswith("within_durability")]
    assert lost


def test_a_world_is_a_function_of_its_seed() -> None:
    assert draw(7) == draw(7)


def test_a_harm_that_no_conversation_can_show_is_not_done() -> None:
    world = draw(3)
    world.audits.clear()
    assert not any(harm(world, random.Random(3)) for harm in HARMS.values())
    assert Status.FAIL not in {f.status for f in judge(world) if f.check != "validity.records"}
