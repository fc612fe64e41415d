"""The stand-in process of a fleet: its address for each replica, its control, its end."""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError, ChaosError
from chaos.fleet.guardian import RUN_ID_VARIABLE, carriers
from chaos.fleet.stand_in import StandIn, StandInPlan
from chaos.fleet.stand_in_control import StandInControl
from target_service.stand_in.environment import variables
from tests.target_service.processes import wait_until

pytestmark = pytest.mark.service


def planned(folder: Path, *words: str) -> StandInPlan:
    return StandInPlan(
        arguments=words, calls=folder / "model-calls.jsonl", origin=0.0, variables=variables
    )


@pytest.fixture
def run_id() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture
def stand_in(tmp_path: Path, run_id: str) -> Iterator[StandIn]:
    env = {**os.environ, RUN_ID_VARIABLE: run_id}
    made = StandIn(planned(tmp_path, "--latency", "none"), tmp_path / "model.log", env)
    made.open()
    yield made
    made.close()
    made.wait_ended(10)


def ask_gemini(env: dict[str, str], text: str) -> str:
    """The model's text, as an agent with that environment gets it."""
    request = urllib.request.Request(
        f"{env['GOOGLE_GEMINI_BASE_URL']}/v1beta/models/gemini-2.5-flash:generateContent",
        json.dumps({"contents": [{"role": "user", "parts": [{"text": text}]}]}).encode(),
        {"x-goog-api-key": env["GOOGLE_API_KEY"], "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["candidates"][0]["content"]["parts"][0]["text"])


def test_it_knows_the_replica_that_calls_and_keeps_no_key(
    stand_in: StandIn, tmp_path: Path
) -> None:
    for replica in ("r01", "r02"):
        assert ask_gemini(stand_in.variables(replica), "Where is my order?")
    control = stand_in.control
    wait_until(lambda: control.count() == 2, 10, "both calls are logged")
    answer = control.calls(0)
    assert (answer["next"], answer["origin"]) == (2, 0.0)
    assert [call["caller"] for call in answer["calls"]] == ["r01", "r02"]
    assert control.calls(1)["calls"] == answer["calls"][1:]
    lines = (tmp_path / "model-calls.jsonl").read_text().splitlines()
    written = [json.loads(line) for line in lines]
    assert [call["caller"] for call in written] == ["r01", "r02"]
    for path in tmp_path.iterdir():
        assert "diya-r01" not in path.read_text()


def test_a_request_that_it_does_not_speak_is_told(stand_in: StandIn) -> None:
    request = urllib.request.Request(f"{stand_in.url}/v1beta/interactions", b"{}")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request, timeout=10)
    assert stand_in.control.unknown() == ["POST /v1beta/interactions"]
    assert stand_in.control.count() == 0


def test_its_control_wants_the_token(stand_in: StandIn) -> None:
    stranger = StandInControl(stand_in.url, "guessed")
    assert stranger.healthy()
    with pytest.raises(ChaosError, match=r"answered 401 to /_diya/calls"):
        stranger.calls(0)


def test_it_carries_the_id_of_its_run(stand_in: StandIn, run_id: str) -> None:
    assert stand_in.pid in carriers(run_id)


def test_an_option_that_it_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    made = StandIn(planned(tmp_path, "--latency", "soon"), tmp_path / "model.log", os.environ)
    with pytest.raises(ChaosConfigError, match=r"--latency.*soon"):
        made.open()


def test_a_server_of_another_kind_is_told(tmp_path: Path) -> None:
    nobody = StandInControl("http://127.0.0.1:1", "token")
    assert not nobody.healthy()
    with pytest.raises(
        ChaosError, match=r"http://127\.0\.0\.1:1: the model stand-in does not answer"
    ):
        nobody.count()
