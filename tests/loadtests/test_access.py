"""The ways in at a target, as a server sees them: headers, tokens, the name of the replica."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from harness.run.load import token_keeper
from loadtests.adk import kept_token
from loadtests.adk.access import Access, FixedToken
from loadtests.adk.client import Client
from loadtests.adk.kept_token import KeptToken
from loadtests.adk.service import Service
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.generator import settings
from loadtests.profiles import profile
from reports.records import Outcome, RunClock
from tests.loadtests.scripted_server import Step, agent_reply, reply, serving, text_event

WHOLE = text_event("On its way.")
OLD, NEW = "the-first-token", "the-second-token"


@contextlib.contextmanager
def client_of(url: str, access: Access) -> Iterator[Client]:
    client = Client(url, connections=2, access=access)
    try:
        yield client
    finally:
        client.close()


def test_every_request_has_the_given_headers_and_host() -> None:
    access = Access(headers={"X-Api-Key": "k3y", "Host": "agents.test:8443"})
    with serving(reply(200, b"{}")) as server, client_of(server.url, access) as client:
        client.send("GET", "/", None, 5.0)
        client.send("POST", "/run", b"{}", 5.0)
    for request in server.requests:
        assert request.headers["x-api-key"] == "k3y"
        assert request.headers["host"] == "agents.test:8443"
    assert len(server.requests) == 2


def test_a_redirect_to_the_given_host_stays_at_the_address_of_the_target() -> None:
    moved = reply(307, Location="http://agents.test/v2/run")
    access = Access(headers={"Host": "agents.test"})
    with (
        serving(moved, reply(200, b"[]")) as server,
        client_of(server.url, access) as client,
    ):
        answer = client.send("POST", "/run", b"{}", 5.0)
    assert (answer.status, answer.redirect) == (200, None)
    assert [request.path for request in server.requests] == ["/run", "/v2/run"]


def test_the_replica_is_named_by_the_chosen_header_alone() -> None:
    named = reply(200, b"{}", X_Served_By="pod-7")  # it has x-diya-replica too
    access = Access(replica_header="x-served-by")
    with serving(named) as server, client_of(server.url, access) as client:
        assert client.send("GET", "/", None, 5.0).replica == "pod-7"


@pytest.mark.parametrize("header", ["", " "])
def test_an_empty_header_names_no_replica(header: str) -> None:
    access = Access(replica_header="x-served-by")
    with (
        serving(reply(200, b"{}", X_Served_By=header)) as server,
        client_of(server.url, access) as client,
    ):
        assert client.send("GET", "/", None, 5.0).replica is None


def test_an_error_that_repeats_a_secret_is_read_without_it() -> None:
    access = Access(headers={"X-Api-Key": "Key very-secret-key"}, token=FixedToken(OLD))
    body = f"no entry for very-secret-key with {OLD}".encode()
    with serving(reply(403, body)) as server, client_of(server.url, access) as client:
        answer = client.send("GET", "/", None, 5.0)
    assert answer.body == b"no entry for ... with ..."


def test_a_secret_that_begins_with_another_one_is_hidden_whole() -> None:
    access = Access(headers={"X-Tenant": "tenant-7f"}, token=FixedToken("tenant-7f.signature"))
    assert access.without_secrets(b"refused: tenant-7f.signature") == b"refused: ..."


class _Keeper(socketserver.ThreadingUnixStreamServer):
    """Answers as the harness's keeper does, from a function of the refused serial."""

    daemon_threads = True

    def __init__(self, path: Path, answer: Callable[[int | None], dict[str, Any]]) -> None:
        self.asked: list[int | None] = []
        self._answer = answer
        super().__init__(str(path), _Request)

    def answered(self, refused: int | None) -> dict[str, Any]:
        self.asked.append(refused)
        return self._answer(refused)


class _Request(socketserver.StreamRequestHandler):
    server: _Keeper

    def handle(self) -> None:
        refused = json.loads(self.rfile.readline())["refused"]
        self.wfile.write(json.dumps(self.server.answered(refused)).encode() + b"\n")


@contextlib.contextmanager
def keeping(path: Path, answer: Callable[[int | None], dict[str, Any]]) -> Iterator[_Keeper]:
    with _Keeper(path, answer) as keeper:
        thread = threading.Thread(target=keeper.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield keeper
        finally:
            keeper.shutdown()
            thread.join()


def second_when_refused(refused: int | None) -> dict[str, Any]:
    token, serial = (OLD, 1) if refused is None else (NEW, 2)
    return {"token": token, "serial": serial, "seconds": 600.0}


def _service(client: Client) -> Service:
    return Service(client, "shopmax", RunClock(0.0), lambda *_: None)


@contextlib.contextmanager
def refreshed(folder: Path, *steps: Step) -> Iterator[tuple[Any, _Keeper, Service]]:
    path = folder / "socket"
    with keeping(path, second_when_refused) as keeper, serving(*steps) as server:
        access = Access(token=KeptToken(str(path)))
        with client_of(server.url, access) as client:
            yield server, keeper, _service(client)


def test_a_turn_refused_with_401_is_sent_once_more_with_another_token(
    tmp_path: Path, plan: ConversationPlan
) -> None:
    steps = (reply(401, b"expired"), agent_reply(WHOLE))
    with refreshed(tmp_path, *steps) as (server, keeper, service):
        attempt = service.run_turn(plan, "Hello", "c0t0", 10.0)
    assert attempt.outcome is Outcome.OK, attempt.error
    assert [each.headers["authorization"] for each in server.requests] == [
        f"Bearer {OLD}",
        f"Bearer {NEW}",
    ]
    assert server.requests[0].body == server.requests[1].body
    assert keeper.asked == [None, 1]


def test_a_turn_that_the_second_token_does_not_help_fails_after_two_requests(
    tmp_path: Path, plan: ConversationPlan
) -> None:
    with refreshed(tmp_path, reply(401, b"no")) as (server, _, service):
        attempt = service.run_turn(plan, "Hello", "c0t0", 10.0)
    assert (attempt.outcome, attempt.retry, attempt.error) == (Outcome.FAIL, False, "HTTP 401: no")
    assert len(server.requests) == 2


def test_a_401_with_a_fixed_token_is_sent_once(plan: ConversationPlan) -> None:
    access = Access(token=FixedToken(OLD))
    with serving(reply(401, b"no")) as server, client_of(server.url, access) as client:
        attempt = _service(client).run_turn(plan, "Hello", "c0t0", 10.0)
    assert attempt.outcome is Outcome.FAIL
    assert len(server.requests) == 1


def test_a_token_is_renewed_before_it_ends_without_a_wait(tmp_path: Path) -> None:
    served: list[str] = []

    def answer(refused: int | None) -> dict[str, Any]:
        served.append(OLD if not served else NEW)
        seconds = 0.0 if len(served) == 1 else 600.0
        return {"token": served[-1], "serial": len(served), "seconds": seconds}

    with keeping(tmp_path / "socket", answer) as keeper:
        token = KeptToken(str(tmp_path / "socket"))
        assert token.value() == OLD  # the renewal has only begun
        with gevent.Timeout(10):
            while token.value() != NEW:
                gevent.sleep(0.01)
        assert keeper.asked == [None, None]


def test_a_keeper_without_a_token_is_an_error_with_its_reason(tmp_path: Path) -> None:
    with (
        keeping(tmp_path / "socket", lambda _: {"error": "mint ended", "seconds": 2.0}),
        pytest.raises(ValueError, match=r"^token command: mint ended$"),
    ):
        KeptToken(str(tmp_path / "socket"))


def test_a_missing_keeper_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="its keeper does not answer"):
        KeptToken(str(tmp_path / "socket"))


def described(folder: Path, **values: Any) -> Path:
    """A run directory whose `run.json` has these values besides the necessary ones."""
    chosen = profile.load("smoke")
    run = {
        "schema_version": 1,
        "run_id": "r",
        "origin": 0.0,
        "seed": 1,
        "app": "shopmax",
        "target": "http://127.0.0.1:1",
        "profile": chosen.to_dict(),
        "ttl_seconds": 5.0,
        **values,
    }
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def test_a_generator_takes_header_values_from_its_own_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY_OF_TEST", "k3y")
    monkeypatch.setenv("TOKEN_OF_TEST", OLD)
    ways = {"headers": {"X-Api-Key": "API_KEY_OF_TEST"}, "replica_header": "X-Served-By"}
    run = settings.read(described(tmp_path, token_env="TOKEN_OF_TEST", access=ways))
    assert run.access.headers == {"X-Api-Key": "k3y"}
    assert run.access.token == FixedToken(OLD)
    assert run.access.replica_header == "x-served-by"
    assert "k3y" not in repr(run)
    assert OLD not in repr(run)


@pytest.mark.parametrize(
    ("ways", "said"),
    [
        ({"headers": {"X-Key": "UNSET_HERE"}}, r"access\.headers X-Key must name a variable"),
        ({"token_command": True}, r"no keeper of tokens runs here; give --token-command beside"),
    ],
)
def test_a_machine_without_the_values_refuses_to_play(
    tmp_path: Path, ways: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIYA_TOKEN_SOCKET", raising=False)
    with pytest.raises(ValueError, match=said):
        settings.read(described(tmp_path, access=ways))


def test_the_keeper_and_the_generators_agree_on_the_variable() -> None:
    assert kept_token.SOCKET_VARIABLE == token_keeper.SOCKET_VARIABLE
