"""Whole runs at a target that asks for a client certificate, a token that expires, and headers."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from chaos.fleet.guardian import carriers
from chaos.fleet.ports import free_port
from tests import certificates
from tests.harness import command, guarded_server

pytestmark = pytest.mark.run

KEY = "signing-key-of-the-test"
API_KEY = "a-very-secret/api+key=="
LIFETIME_S = 8.0


@dataclass(frozen=True)
class Finished:
    """One run, and what it left."""

    result: dict[str, Any]
    run_dir: Path
    said: str
    refused: str
    """One letter for each request that the guard refused."""
    seen: list[str] = field(default_factory=list)
    """Command lines and environments of the run's processes, while turns were played."""

    def files_with(self, secret: str) -> list[Path]:
        """The files of the run directory that hold it."""
        files = [path for path in self.run_dir.rglob("*") if path.is_file()]
        assert len(files) > 8
        return [path for path in files if secret.encode() in path.read_bytes()]


def judged(url: str, folder: Path, *options: str) -> Finished:
    out, seen = folder / "out", list[str]()
    arguments = ("--profile", "smoke", "--target", url, "--seed", "3", "--out", str(out))
    journeys = ("--journeys", str(command.HERE / "mine.toml"))
    process = command.start("readiness", *arguments, *journeys, *options)
    looker = threading.Thread(target=_look, args=(out, process, seen))
    looker.start()
    output, errors = process.communicate(timeout=150)
    looker.join()
    assert list(out.glob("*/result.json")), output + errors
    run_dir, refused = command.only_run(out), folder / "refused"
    return Finished(
        json.loads((run_dir / "result.json").read_text()),
        run_dir,
        output + errors,
        refused.read_text() if refused.exists() else "",
        seen,
    )


def _look(out: Path, process: subprocess.Popen[str], seen: list[str]) -> None:
    """Once turns are played, read what `ps` shows of every process of the run."""
    command.wait_until(
        lambda: process.poll() is not None or command.turns_recorded(out) >= 20, 100, "turns"
    )
    if process.poll() is not None:
        return
    run_id = json.loads((command.only_run(out) / "run.json").read_text())["run_id"]
    for pid in [process.pid, *carriers(run_id)]:
        found = psutil.Process(pid)
        seen += [*found.cmdline(), *(f"{name}={each}" for name, each in found.environ().items())]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def guarded(folder: Path) -> Finished:
    """A run of two processes at an https server whose tokens last eight seconds, and are revoked
    once in the middle of the run."""
    server, client = (certificates.write(folder / name) for name in ("server.pem", "client.pem"))
    mint = [sys.executable, "-m", "tests.harness.signed_token", str(folder / "issued")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(server))
        patch.setenv("SIGNING_KEY", KEY)
        patch.setenv("API_KEY_OF_TEST", API_KEY)
        patch.setenv("HOST_OF_TEST", "agents.test")
        with guarded_server.serving(
            folder,
            server_cert=str(server),
            client_cert=str(client),
            signing_key=KEY,
            revoke_after=120,
            headers={"x-api-key": API_KEY, "host": "agents.test"},
            replica_header="x-served-by",
        ) as url:
            return judged(
                *(url, folder, "--workers", "2", "--client-cert", str(client)),
                *("--token-command", shlex.join([*mint, str(LIFETIME_S)])),
                *("--header", "X-Api-Key=API_KEY_OF_TEST", "--header", "Host=HOST_OF_TEST"),
                *("--replica-header", "X-Served-By"),
            )


def test_every_turn_is_answered_although_tokens_expire_and_are_revoked(guarded: Finished) -> None:
    turns = guarded.result["turns"]
    assert turns["ok"] == turns["offered"] > 30, guarded.said
    assert turns["retried"] == 0
    assert guarded.result["continuity"]["conversations_audited"] > 10
    failed = {gate["name"] for gate in guarded.result["gates"] if gate["status"] == "fail"}
    # Latency and the machine's own gates depend on what else runs here.
    assert not [name for name in failed if name.startswith(("continuity.", "errors."))]


def test_all_processes_share_one_token_that_is_refreshed(guarded: Finished, folder: Path) -> None:
    issued = (folder / "issued").read_text().split()
    # At the start, before each end, and once for the revocation: not once for each process.
    assert 4 <= len(issued) <= 12
    # Only requests under way when the tokens were revoked are refused.
    assert set(guarded.refused) == {"t"}


def test_the_replicas_are_those_that_the_header_names(guarded: Finished) -> None:
    turns = guarded.result["turns"]
    assert turns["replicas_seen"] == 2
    gates = {gate["name"]: gate["status"] for gate in guarded.result["gates"]}
    assert gates["validity.spread"] == "pass"


def test_no_header_and_no_token_is_in_what_a_run_leaves_or_shows(
    guarded: Finished, folder: Path
) -> None:
    for secret in [API_KEY, *(folder / "issued").read_text().split()]:
        assert guarded.files_with(secret) == []
        assert secret not in guarded.said
    assert len(guarded.seen) > 100
    shown = "\n".join(guarded.seen)
    assert not [each for each in (folder / "issued").read_text().split() if each in shown]
    assert "X-Api-Key=API_KEY_OF_TEST" in shown


def test_the_description_of_the_run_names_the_ways_in(guarded: Finished, folder: Path) -> None:
    described = json.loads((guarded.run_dir / "run.json").read_text())
    assert described["access"] == {
        "headers": {"X-Api-Key": "API_KEY_OF_TEST", "Host": "HOST_OF_TEST"},
        "token_command": True,
        "client_cert": str(folder / "client.pem"),
        "replica_header": "X-Served-By",
    }


def test_a_target_that_refuses_the_token_is_named_before_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_TOKEN", "not-signed-at-all")
    with guarded_server.serving(tmp_path, signing_key=KEY) as url:
        finished = command.run(
            *("readiness", "--profile", "smoke", "--target", url, "--out", str(tmp_path / "out")),
            *("--token-env", "WRONG_TOKEN"),
        )
    assert finished.returncode == 104
    assert "no session can be opened: HTTP 401: token ... is not valid" in finished.stderr
    assert "; the token in WRONG_TOKEN (--token-env) must be one that it accepts" in finished.stderr
    assert "not-signed-at-all" not in finished.stderr + finished.stdout


def test_a_machine_that_joins_has_a_keeper_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_KEY", KEY)
    address = f"127.0.0.1:{free_port()}"
    mint = (sys.executable, "-m", "tests.harness.signed_token")
    with guarded_server.serving(tmp_path, signing_key=KEY) as url:
        there = shlex.join([*mint, str(tmp_path / "there"), "60"])
        joined = command.start("readiness", "--join", address, "--token-command", there)
        here = shlex.join([*mint, str(tmp_path / "issued"), "60"])
        crew = ("--master", "--bind", address, "--token-command", here)
        finished = judged(url, tmp_path, *crew)
        _, complaints = joined.communicate(timeout=30)
    assert joined.returncode == 0, complaints
    turns = finished.result["turns"]
    assert turns["ok"] == turns["offered"] > 20, finished.said
    assert len((tmp_path / "there").read_text().split()) == 1
    assert finished.refused == ""


def test_a_server_that_refuses_the_turns_metadata_is_driven_without_it(tmp_path: Path) -> None:
    with guarded_server.serving(tmp_path, strict=True) as url:
        finished = judged(url, tmp_path)
    turns = finished.result["turns"]
    assert turns["ok"] == turns["offered"] > 30, finished.said
    # The rehearsal's customers and the load's first ones try the richer form.
    assert 1 <= finished.refused.count("m") == len(finished.refused) < 20
