"""Each agent talks to the stand-in by its real client; the log tells what its model was shown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from target_service.model.witness import digest
from target_service.stand_in.environment import variables
from tests.agents.shapes import GUILTY, HERE, LESS, WHOLE, Shape
from tests.agents.talking import Player, Talk, Talked
from tests.target_service.stand_in import servers

pytestmark = pytest.mark.slow

MESSAGES = (
    "Where is my order ORD-58291?",
    "क्या यह कल आएगा?",
    "Please send it to my office.",
    "And may I pay on delivery?",
)
DIGESTS = [digest(message) for message in MESSAGES]


class Stage(NamedTuple):
    """The stand-in, and the process whose agents call it."""

    model: servers.Client
    player: Player

    def play(self, folder: str, **how: Any) -> tuple[Talked, list[dict[str, Any]]]:
        """One conversation of all messages, and the calls of the model that it made."""
        before = len(self.model.calls())
        talked = self.player.play(Talk(folder=str(HERE / folder), messages=MESSAGES, **how))
        return talked, self.model.calls(before)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with servers.Process("--latency", "none", "--tools", "all") as model:
        environment = {**os.environ, **variables(model.url, "diya-r01")}
        with Player(environment) as player:
            yield Stage(model, player)


def _shown(calls: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The digests of our messages in each call."""
    return [[each for each in call["messages"] if each in DIGESTS] for call in calls]


def test_every_agent_of_this_folder_has_its_shape() -> None:
    folders = {path.parent.name for path in HERE.glob("*/agent.py")}
    assert folders == {each.folder for each in (*WHOLE, *LESS)} | set(GUILTY)


@pytest.mark.service
@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("shape", [*WHOLE, *LESS], ids=lambda shape: shape.folder)
def test_an_agent_of_each_shape_is_answered_in_every_turn(
    stage: Stage, shape: Shape, streaming: bool
) -> None:
    talked, calls = stage.play(shape.folder, streaming=streaming)
    assert all(talked.said)
    assert not talked.errors
    assert {each["answer"] for each in calls} <= {"text", "call"}
    assert {each["caller"] for each in calls} == {"r01"}
    spoke = {each["agent"] for each in calls}
    assert shape.whole - shape.either <= spoke <= shape.whole | shape.less
    assert shape.less <= spoke
    assert shape.tools <= {name for each in calls for name in each["names"]}


@pytest.mark.service
@pytest.mark.parametrize("shape", WHOLE, ids=lambda shape: shape.folder)
def test_every_call_of_an_agent_shows_all_messages_in_their_order(
    stage: Stage, shape: Shape
) -> None:
    _, calls = stage.play(shape.folder)
    shown = _shown([each for each in calls if each["agent"] in shape.whole])
    for messages in shown:
        assert messages == DIGESTS[: len(messages)]
    counts = [len(messages) for messages in shown]
    assert counts == sorted(counts)
    assert set(counts) == {1, 2, 3, 4}


@pytest.mark.service
@pytest.mark.parametrize("shape", LESS, ids=lambda shape: shape.folder)
def test_an_agent_that_drops_history_by_design_does_so_without_any_fault(
    stage: Stage, shape: Shape
) -> None:
    _, calls = stage.play(shape.folder)
    shown = [each for each in _shown(calls) if DIGESTS[-1] in each]
    assert shown
    assert not [each for each in shown if DIGESTS[0] in each]


@pytest.mark.service
def test_a_reply_keeps_the_schema_that_the_agent_declared(stage: Stage) -> None:
    talked, _ = stage.play("shop_form")
    ticket = talked.state["ticket"]
    assert ticket["urgency"] in {"low", "normal", "high"}
    assert ticket["items"]
    assert all(1 <= each["quantity"] <= 10 for each in ticket["items"])


@pytest.mark.service
def test_callbacks_run_as_they_do_with_a_real_model(stage: Stage) -> None:
    talked, _ = stage.play("shop_callbacks")
    assert talked.state["turns"] == len(MESSAGES)
    assert all(said.endswith("your shop") for said in talked.said)


@pytest.mark.service
@pytest.mark.parametrize("folder", GUILTY)
def test_a_guilty_agent_shows_everything_while_one_process_answers(
    stage: Stage, folder: str
) -> None:
    _, calls = stage.play(folder)
    shown = _shown(calls)
    assert shown[-1] == DIGESTS
    assert all(each == DIGESTS[: len(each)] for each in shown)


@pytest.mark.service
@pytest.mark.parametrize(
    ("folder", "copies", "last"),
    [
        ("shop_stale_cache", (1, 2, 2, 1), [0, 3]),
        ("shop_amnesia", (1, 1, 1, 2), [1, 2, 3]),
    ],
    ids=GUILTY,
)
def test_a_guilty_agent_misses_messages_that_another_process_answered(
    stage: Stage, folder: str, copies: Sequence[int], last: list[int]
) -> None:
    _, calls = stage.play(folder, copies=copies)
    assert _shown(calls)[-1] == [DIGESTS[number] for number in last]
