"""The faults of a model that is called over HTTP, by a real stand-in in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from chaos.errors import ChaosError
from chaos.experiment import model, reader
from chaos.faults import model as model_faults
from chaos.faults.base import Fault, perform
from chaos.faults.kill_replica import KillReplica
from chaos.faults.model import (
    ModelCutStreams,
    ModelErrors,
    ModelGarbage,
    ModelRateLimit,
    ModelUnfinishedStreams,
    SlowModel,
)
from chaos.fleet.environment import MODEL_OVER_HTTP
from chaos.fleet.load_switch import LoadSwitchFile
from chaos.fleet.process_fleet import ProcessFleet
from chaos.fleet.stand_in import StandIn, StandInPlan
from chaos.fleet.stand_in_switch import StandInSwitch
from chaos.fleet.target_system import TargetSystem
from reports.records import FaultWindow, RunClock
from target_service.stand_in.environment import variables
from tests.chaos.conftest import NO_FLEET, MakeFleet

pytestmark = pytest.mark.service

FAILING = (ModelErrors, ModelRateLimit, ModelCutStreams, ModelUnfinishedStreams, ModelGarbage)
_PATH = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
_QUESTION = "Where is my order ORD-58291, and when will it arrive at last? I have waited for long."


def plan(folder: Path, *arguments: str) -> StandInPlan:
    return StandInPlan(
        arguments=arguments,
        calls=folder / "model-calls.jsonl",
        origin=time.time(),
        variables=variables,
    )


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    """A stand-in that listens."""
    process = StandIn(plan(tmp_path), tmp_path / "model.log", os.environ)
    process.open()
    yield process
    process.close()
    process.wait_ended(10.0)


@pytest.fixture
def target(stand_in: StandIn, tmp_path: Path) -> TargetSystem:
    """A target whose model the stand-in is."""
    switch = StandInSwitch(lambda: stand_in.control)
    return TargetSystem("mine", switch, LoadSwitchFile(tmp_path), os.environ, NO_FLEET)


def ask(url: str, key: str = "diya-r01") -> tuple[int, bytes]:
    """Status and body of a streamed reply; the body is what came before it broke off."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    body = {"contents": [{"role": "user", "parts": [{"text": _QUESTION}]}]}
    headers = {"content-type": "application/json", "x-goog-api-key": key}
    try:
        connection.request("POST", _PATH, json.dumps(body), headers)
        response = connection.getresponse()
        try:
            return response.status, response.read()
        except http.client.IncompleteRead as cut:
            return 0, cut.partial
    finally:
        connection.close()


def is_whole(reply: tuple[int, bytes]) -> bool:
    """Whether the reply came in frames of JSON, the last with a finish reason."""
    status, body = reply
    frames = [each.removeprefix(b"data: ") for each in body.strip().split(b"\r\n\r\n")]
    try:
        last = [json.loads(frame) for frame in frames][-1]
    except ValueError:
        return False
    return status == 200 and "finishReason" in last["candidates"][0]


def under(
    fault: Fault, target: TargetSystem, stand_in: StandIn
) -> tuple[FaultWindow, list[tuple[int, bytes]]]:
    """The window of the fault, and the replies to an agent that asks until it ends."""
    over, replies = threading.Event(), list[tuple[int, bytes]]()

    def go_on() -> None:
        while not over.is_set():
            replies.append(ask(stand_in.url))

    asking = threading.Thread(target=go_on)
    asking.start()
    try:
        clock = RunClock(time.time())
        window = perform(f"{fault.kind}-1", fault, target, clock, Random(7))
    finally:
        over.set()
        asking.join(30)
    return window, replies


@pytest.mark.parametrize("kind", FAILING)
def test_a_fault_breaks_replies_beside_a_target_until_it_is_healed(
    kind: type[ModelErrors], target: TargetSystem, stand_in: StandIn
) -> None:
    assert is_whole(ask(stand_in.url))
    window, replies = under(kind(duration=0.3, rate=1.0), target, stand_in)
    assert (window.took_hold, window.error, window.target) == (True, None, "model")
    assert window.recovered_at is not None
    assert not all(map(is_whole, replies)), replies[-1]
    assert is_whole(ask(stand_in.url))


def test_a_slow_model_is_slow_until_it_is_healed(target: TargetSystem, stand_in: StandIn) -> None:
    ask(stand_in.url)
    window, replies = under(SlowModel(duration=0.5, factor=10), target, stand_in)
    assert (window.took_hold, window.error) == (True, None)
    assert all(map(is_whole, replies))
    calls = stand_in.control.calls(0)["calls"]
    slow = [call["took_s"] for call in calls if call["fault"] == "slow-model"]
    assert min(slow) > max(call["took_s"] for call in calls if call["fault"] is None)


def test_an_unfinished_stream_ends_cleanly_and_without_a_reason(
    target: TargetSystem, stand_in: StandIn
) -> None:
    target.model.apply({"unfinished_rate": 1.0})
    status, body = ask(stand_in.url)
    assert status == 200
    assert b"finishReason" not in body
    texts = [json.loads(each[6:]) for each in body.strip().split(b"\r\n\r\n")]
    assert texts


def test_a_refusal_names_the_time_to_wait_as_the_real_one_does(
    target: TargetSystem, stand_in: StandIn
) -> None:
    target.model.apply({"rate_limit_rate": 1.0, "retry_after_s": 3.0})
    status, body = ask(stand_in.url)
    error = json.loads(body)["error"]
    assert (status, error["status"]) == (429, "RESOURCE_EXHAUSTED")
    details = {each["@type"].rsplit(".", 1)[1]: each for each in error["details"]}
    assert details["RetryInfo"]["retryDelay"] == "3s"


def test_the_replicas_that_were_hit_are_known_by_their_keys(
    target: TargetSystem, stand_in: StandIn
) -> None:
    target.model.apply({"error_rate": 1.0})
    assert target.model.affected_replicas() == frozenset()
    ask(stand_in.url, "diya-r02")
    ask(stand_in.url, "AIza-somebody-s-own-key")
    assert target.model.affected_replicas() == {"r02", "other"}
    target.model.clear()
    assert is_whole(ask(stand_in.url))


def test_a_fault_that_hits_no_customer_did_not_take_hold(
    target: TargetSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_faults, "_MORE_PATIENCE_S", 0.1)
    clock = RunClock(time.time())
    window = perform("f-1", ModelErrors(), target, clock, Random(7))
    assert not window.took_hold
    assert window.error == (
        "model-errors hit no reply of customers within 0.1 s; the target's agent must call the "
        "stand-in for its model"
    )


def test_faults_end_by_themselves_if_the_harness_is_gone(
    target: TargetSystem, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.fleet.stand_in_switch._VERIFIED_S", 0.0)
    target.model.apply({"error_rate": 1.0}, lasts_s=0.0)
    assert is_whole(ask(stand_in.url))
    target.model.apply({"error_rate": 1.0}, lasts_s=3600.0)
    assert not is_whole(ask(stand_in.url))


def test_a_setting_that_the_stand_in_refuses_is_told_with_its_sentence(
    target: TargetSystem,
) -> None:
    with pytest.raises(ChaosError, match="error_rate: must be from 0 to 1, got 5"):
        target.model.apply({"error_rate": 5.0})


def test_a_stand_in_that_is_gone_fails_the_fault(target: TargetSystem, stand_in: StandIn) -> None:
    stand_in.close()
    with pytest.raises(ChaosError, match="the model stand-in does not answer"):
        target.model.apply({"error_rate": 1.0})


def test_a_target_takes_only_the_faults_of_its_model(target: TargetSystem) -> None:
    assert target.capabilities == MODEL_OVER_HTTP
    for kind in (SlowModel, *FAILING):
        kind().check(target)
    with pytest.raises(ValueError, match=r"kill-replica needs capabilities .* lacks: kill"):
        KillReplica().check(target)
    for part in ("redis", "balancer", "network"):
        with pytest.raises(ChaosError, match="of a --target cannot be seen"):
            getattr(target, part)


@pytest.mark.parametrize("name", sorted(set(model.names()) - {"model-brownout"}))
def test_every_experiment_for_a_fleet_is_bad_input_at_a_target(
    name: str, target: TargetSystem
) -> None:
    for step in reader.load(name).faults:
        with pytest.raises(ValueError, match=r"target|environment|between"):
            step.make().check(target)


@pytest.mark.parametrize("kind", [SlowModel, *FAILING])
def test_an_agent_of_ones_own_is_asked_when_no_customer_asks(
    kind: type[SlowModel], served: ProcessFleet
) -> None:
    window = perform("f-1", kind(duration=0.1), served, RunClock(time.time()), Random(7))
    assert (window.took_hold, window.error, window.target) == (True, None, "model")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFleet]:
    """A fleet of one real replica that serves an agent of one's own, its model a stand-in."""
    folder = tmp_path_factory.mktemp("served")
    agent = folder / "clerk"
    agent.mkdir()
    (agent / "__init__.py").write_text("from . import agent\n")
    (agent / "agent.py").write_text(
        "from google.adk.agents import Agent\n"
        "root_agent = Agent(name='clerk', model='gemini-2.5-flash', instruction='Help.')\n"
    )
    fleet = ProcessFleet(
        folder / "fleet",
        uuid.uuid4().hex[:12],
        replicas=1,
        redis="bundled",
        extra_env={"DIYA_AGENT": str(agent)},
        stand_in=plan(folder),
    )
    fleet.app = "clerk"
    with fleet:
        fleet.start()
        fleet.wait_ready(90)
        yield fleet


def test_containers_with_a_stand_in_have_the_faults_of_the_wire(tmp_path: Path) -> None:
    pytest.importorskip("testcontainers")
    from chaos.containers.container_fleet import ContainerFleet, Images

    fleet = ContainerFleet(tmp_path, "run", images=Images(), stand_in=plan(tmp_path))
    assert fleet.capabilities >= MODEL_OVER_HTTP
    assert isinstance(fleet.model, StandInSwitch)


def test_a_fleet_with_a_stand_in_has_the_faults_of_the_wire(
    make_fleet: MakeFleet, tmp_path: Path
) -> None:
    fleet: ProcessFleet = make_fleet(stand_in=plan(tmp_path))
    assert fleet.capabilities >= MODEL_OVER_HTTP
    assert isinstance(fleet.model, StandInSwitch)
    assert "model-wire" not in make_fleet().capabilities
