"""The rehearsal before a run refuses a service that always fails, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec import structs
from redis import Redis

from chaos.fleet.ports import free_port
from chaos.fleet.process_fleet import ProcessFleet
from harness import parser
from harness.run import read_plan
from harness.run.directory import rundir
from harness.run.rehearse import rehearsal
from harness.run.rehearse.rehearsal import Measured, Refusal
from harness.run.rehearse.rehearsal_keys import no_new_keys
from harness.run.sampling.own_cpu import used_below
from reports.records import run_file
from reports.records.run_description import RunDescription
from tests.harness import command

pytestmark = pytest.mark.service

TINY = str(command.HERE / "tiny.toml")
AT_ONCE_S = 30.0
"""Twice the 15 s that users are promised: other tests use the machine meanwhile."""
Answers = Callable[[str, str], tuple[int, bytes]]


def serving(answers: Answers) -> contextlib.AbstractContextManager[str]:
    """The address of a server that answers as `answers(method, path)` says."""
    return serving_bodies(lambda method, path, _: answers(method, path))


@contextlib.contextmanager
def serving_bodies(answers: Callable[[str, str, Any], tuple[int, bytes]]) -> Iterator[str]:
    """The same, of `answers(method, path, body)`."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = answers(self.command, self.path, json.loads(sent or b"null"))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET = do_DELETE = _answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def prepared(tmp_path: Path, url: str, *words: str) -> tuple[Path, str]:
    """The directory and the id of a run at this address that is about to rehearse."""
    options = ["--profile", TINY, "--out", str(tmp_path), "--seed", "3", *words]
    plan = read_plan.from_args(parser.build().parse_args(["readiness", *options]))
    run_dir = rundir.create(plan.out, plan.name, plan.seed, plan.origin)
    run_file.write(run_dir, structs.replace(plan.description(), target=url))
    return run_dir, plan.run_id


def refused(tmp_path: Path, *arguments: str) -> tuple[str, float]:
    """The sentence with which `diya readiness` ended before any load, and after how long."""
    begun = time.monotonic()
    finished = command.run("readiness", "--profile", TINY, "--out", str(tmp_path), *arguments)
    assert finished.returncode == 104, finished.stderr
    assert list(tmp_path.iterdir()) == [], "a run directory was left"
    assert "Traceback" not in finished.stderr
    return finished.stderr.splitlines()[-1], time.monotonic() - begun


@pytest.mark.slow
def test_a_target_whose_every_turn_is_an_error_is_refused_in_its_own_words(
    tmp_path: Path,
) -> None:
    def answers(method: str, path: str) -> tuple[int, bytes]:
        if "/sessions" in path:
            return 200, b'{"id": "s-1"}'
        return 500, b'{"detail": "the tool catalogue is empty"}'

    with serving(answers) as url:
        sentence, seconds = refused(tmp_path, "--target", url)
    assert sentence == (
        f'diya: --target {url}: every turn fails: HTTP 500: {{"detail": "the tool catalogue is '
        'empty"}; it must answer (--no-rehearsal puts the load on it all the '
        "same)"
    )
    assert seconds < AT_ONCE_S


def test_a_target_that_opens_no_session_is_refused(tmp_path: Path) -> None:
    with serving(lambda *_: (403, b"no such tenant")) as url:
        sentence, _ = refused(tmp_path, "--target", url)
    assert f"--target {url}: no session can be opened: HTTP 403: no such tenant; " in sentence


def test_a_login_page_in_place_of_the_target_is_named_with_the_way_in(tmp_path: Path) -> None:
    page = b"<!doctype html>\n<html><head><title>Sign in &amp; go</title></head></html>"
    with serving(lambda *_: (200, page)) as url:
        sentence, _ = refused(tmp_path, "--target", url)
    page_told = 'the reply is an HTML page, titled "Sign in & go", not JSON; '
    assert f"--target {url}: every turn fails: {page_told}" in sentence
    assert "; a login page, a proxy or another site answers at this address; --target" in sentence


def test_a_target_that_accepts_no_form_of_id_is_refused_in_its_own_words(
    tmp_path: Path,
) -> None:
    def answers(_: str, path: str, body: Any) -> tuple[int, bytes]:
        asked = body.get("sessionId")
        said = "order number expected" if asked else "sessionId is required"
        return 422, json.dumps({"detail": said}).encode()

    with serving_bodies(answers) as url:
        sentence, seconds = refused(tmp_path, "--target", url)
    assert (
        f"--target {url}: no session can be opened: "
        'HTTP 422: {"detail": "order number expected"}; '
        'without an id: HTTP 422: {"detail": "sessionId is required"}; it must answer '
    ) in sentence
    assert seconds < AT_ONCE_S


def test_a_target_that_wants_uuids_is_rehearsed_with_them(tmp_path: Path) -> None:
    opened: set[str] = set()
    turns: list[str] = []

    def answers(method: str, path: str, body: Any) -> tuple[int, bytes]:
        if method == "POST" and path.endswith("/sessions"):
            try:
                opened.add(str(uuid.UUID(body.get("sessionId", ""))))
            except ValueError:
                return 400, b'{"detail": "sessionId: a UUID, please"}'
            return 200, json.dumps({"id": body["sessionId"]}).encode()
        if method == "POST":
            turns.append(body["sessionId"])
            return 200, json.dumps([{"content": {"parts": [{"text": "Yes."}]}}]).encode()
        return 200, b"{}"

    with serving_bodies(answers) as url:
        run_dir, run_id = prepared(tmp_path, url, "--target", url)
        assert rehearsal.rehearse(run_dir, run_id, url, 0) is None
    assert turns
    assert set(turns) <= opened


def test_a_target_where_nobody_listens_is_refused(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    sentence, seconds = refused(tmp_path, "--target", url)
    assert f"--target {url}: no session can be opened: not sent: Connection refused; " in sentence
    assert seconds < AT_ONCE_S


@pytest.mark.slow
def test_an_agent_without_its_api_key_is_refused_in_the_words_of_its_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
        monkeypatch.delenv(name, raising=False)
    agent = tmp_path / "keyless"
    agent.mkdir()
    (agent / "__init__.py").write_text("")
    (agent / "agent.py").write_text(
        "from google.adk.agents import Agent\n"
        "root_agent = Agent(name='keyless', model='gemini-2.5-flash', instruction='Help.')\n"
    )
    out = tmp_path / "runs"
    words = ("--replicas", "1", "--redis", "bundled", "--experiment", "none", "--model", "own")
    sentence, _ = refused(out, "--agent", str(agent), *words)
    assert "app keyless: every turn fails: " in sentence
    assert "API key" in sentence


def test_sessions_that_are_lost_are_left_to_the_verdict(tmp_path: Path) -> None:
    """Sessions in the memory of one of many replicas: nearly every turn finds none."""

    def answers(method: str, path: str) -> tuple[int, bytes]:
        if method == "POST" and "/sessions" in path:
            return 200, b'{"id": "s-1"}'
        return 404, b'{"detail": "Session not found: s-1"}'

    with serving(answers) as url:
        run_dir, run_id = prepared(tmp_path, url)
        assert rehearsal.rehearse(run_dir, run_id, url, 0) is None


@pytest.mark.slow
def test_one_answer_is_enough_to_be_no_failure(tmp_path: Path) -> None:
    asked: list[str] = []

    def answers(method: str, path: str) -> tuple[int, bytes]:
        if "/sessions" in path:
            return 200, b'{"id": "s-1"}'
        asked.append(path)
        if len(asked) != 3:
            return 500, b"now and then"
        reply = {"author": "a", "content": {"role": "model", "parts": [{"text": "yes"}]}}
        return 200, json.dumps([reply]).encode()

    with serving(answers) as url:
        run_dir, run_id = prepared(tmp_path, url)
        assert rehearsal.rehearse(run_dir, run_id, url, 0) is None
    assert len(asked) >= 3


def test_an_agent_that_is_not_there_is_named_by_the_target(tmp_path: Path) -> None:
    def answers(method: str, path: str) -> tuple[int, bytes]:
        if "/sessions" in path:
            return 200, b'{"id": "s-1"}'
        return 404, b"""{"detail": "Agent not found: 'x'"}"""

    with serving(answers) as url:
        run_dir, run_id = prepared(tmp_path, url)
        found = rehearsal.rehearse(run_dir, run_id, url, 0)
    assert isinstance(found, Refusal)
    assert (found.opening, found.error) == (
        False,
        """HTTP 404: {"detail": "Agent not found: 'x'"}""",
    )


@pytest.mark.slow
def test_a_rehearsal_measures_the_stack_and_leaves_no_trace(tmp_path: Path) -> None:
    run_dir, run_id = prepared(tmp_path, "", "--replicas", "2", "--redis", "bundled")
    with ProcessFleet(run_dir, run_id, replicas=2, redis="bundled") as fleet:
        fleet.start()
        fleet.wait_ready(90)
        description = run_file.read(run_dir, RunDescription)
        run_file.write(run_dir, structs.replace(description, target=fleet.url))
        store = fleet.redis
        files = {path.name for path in run_dir.iterdir()}
        used = used_below(psutil.Process())
        with Redis.from_url(store.url) as redis:
            redis.set("here-before", "1")
            with no_new_keys(lambda: [store.url]):
                found = rehearsal.rehearse(
                    run_dir, run_id, fleet.url, 8, lambda: used_below(psutil.Process())
                )
            assert redis.keys() == [b"here-before"]
        used = used_below(psutil.Process()) - used
        assert {path.name for path in run_dir.iterdir()} == files, "something was recorded"
    assert isinstance(found, Measured)
    assert found.failed == 0
    assert found.turns >= 50
    assert found.cpu_s is not None
    first = found.first
    assert first is not None
    assert first.cpu_s is not None
    assert (first.failed, first.turns >= 30) == (0, True)
    assert 0 < first.cpu_s < first.cpu_s + found.cpu_s < used
