"""The parts of the Chaos Toolkit's format beyond a plain list of actions."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.errors import ChaosConfigError, ChaosError
from chaos.experiment.model import Experiment, Look, Moment
from chaos.experiment.reader import load
from chaos.faults.kill_replica import KillReplica
from tests.chaos.conftest import NO_FLEET


def action(name: str = "kill", func: str = "kill_replica", **more: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": "chaos.actions", "func": func}
    provider["arguments"] = more.pop("arguments", {})
    return {"type": "action", "name": name, "provider": provider, **more}


def ask(name: str, provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "probe", "name": name, "provider": provider, **more}


OURS = {"type": "python", "module": "chaos.probes", "func": "replicas_ready"}


def read(tmp_path: Path, **document: Any) -> Experiment:
    path = tmp_path / "sale.yaml"
    path.write_text(yaml.safe_dump({"title": "sale", "method": [], **document}))
    return load(path)


def test_actions_and_probes_background_and_references(tmp_path: Path) -> None:
    experiment = read(
        tmp_path,
        method=[
            action("first", background=True),
            ask("how many", OURS, pauses={"after": 2}),
            {"ref": "first"},
        ],
        rollbacks=[action("again", "noop")],
    )
    first, look, again = experiment.method
    assert (first.background, again.background) == (True, True)
    assert isinstance(look, Look)
    assert look.after == 2
    assert look.probe.tolerance is None
    assert experiment.planned == ["kill-replica-1", "kill-replica-2"]
    assert [step.id for step in experiment.rollbacks] == ["rollback-noop-1"]


def test_values_come_from_the_file_or_the_environment_with_their_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALE_DOWN", "1.5")
    experiment = read(
        tmp_path,
        configuration={
            "number": 2,
            "down": {"type": "env", "key": "SALE_DOWN", "env_var_type": "float"},
            "calm": {"type": "env", "key": "SALE_NOT_SET", "default": 4},
        },
        method=[
            action(
                arguments={"replica": "r0${number}", "downtime": "${down}"},
                pauses={"before": "${calm}"},
            )
        ],
    )
    (step,) = experiment.faults
    assert step.make() == KillReplica(replica="r02", downtime=1.5)
    assert step.before == 4


@pytest.mark.service
def test_a_secret_is_in_no_sentence_and_in_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALE_TOKEN", "hunter2")
    secrets = {"shop": {"token": {"type": "env", "key": "SALE_TOKEN"}}}
    with pytest.raises(ChaosConfigError) as error:
        read(tmp_path, secrets=secrets, method=[action(arguments={"downtime": "${token}"})])
    assert "hunter2" not in str(error.value)
    assert "seconds, got" in str(error.value)
    echo = {"type": "process", "path": sys.executable, "arguments": ["-c", "print('${token}')"]}
    look = read(tmp_path, secrets=secrets, method=[ask("echo", echo)]).method[0]
    assert isinstance(look, Look)
    answer = look.probe.ask(NO_FLEET)
    assert isinstance(answer, dict)
    assert answer["stdout"] == "hunter2\n", "the secret was put in"
    assert look.probe.mask(repr(answer)).count("•••") == 1
    assert "hunter2" not in look.probe.mask(repr(answer))


def test_a_step_may_begin_at_a_phase_of_the_load(tmp_path: Path) -> None:
    experiment = read(
        tmp_path,
        method=[action("a"), action("b"), action("c")],
        extensions=[
            {"name": "somebody-else", "anything": 1},
            {"name": "diya", "topology": "sentinel", "at": {"a": "opening+5.5s", "b": "presale"}},
        ],
    )
    assert [step.at for step in experiment.method] == [
        Moment("opening", 5.5),
        Moment("presale", 0.0),
        None,
    ]
    assert experiment.topology == "sentinel"


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to?"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = json.dumps({"path": self.path, "token": self.headers.get("X-Token")}).encode()
        self.send_response(503 if self.path.startswith("/bad") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_probe_may_ask_a_url(tmp_path: Path, page: str) -> None:
    provider = {
        "type": "http",
        "url": "${base}/bad",
        "headers": {"X-Token": "t"},
        "arguments": {"q": 1},
    }
    wanted = {"type": "jsonpath", "path": "$.token", "expect": "t", "target": "body"}
    hypothesis = {
        "title": "it says no",
        "probes": [
            ask("status", provider, tolerance=503),
            ask("body", provider, tolerance=wanted),
        ],
    }
    experiment = read(
        tmp_path, configuration={"base": page}, **{"steady-state-hypothesis": hypothesis}
    )
    for probe in experiment.steady_state:
        answer = probe.ask(NO_FLEET)
        assert isinstance(answer, dict)
        assert answer["body"]["path"] == "/bad?q=1"
        assert probe.tolerance is not None
        assert probe.tolerance.meets(answer), (probe.name, answer)


@pytest.mark.service
def test_arguments_in_one_text_are_split_into_words(tmp_path: Path) -> None:
    provider = {"type": "process", "path": "echo", "arguments": "-n 'a b'  c"}
    (look,) = read(tmp_path, method=[ask("echo", provider)]).method
    assert isinstance(look, Look)
    assert look.probe.ask(NO_FLEET) == {"status": 0, "stdout": "a b c", "stderr": ""}


def test_a_timeout_may_be_two_and_a_connection_may_be_retried(tmp_path: Path, page: str) -> None:
    more = {"timeout": [3, 4.5], "max_retries": 2, "verify_tls": False}
    (look,) = read(tmp_path, method=[ask("a", {"type": "http", "url": page, **more})]).method
    assert isinstance(look, Look)
    answer = look.probe.ask(NO_FLEET)
    assert isinstance(answer, dict)
    assert answer["status"] == 200


def test_a_probe_follows_a_redirect_on_this_machine_and_to_no_other(
    tmp_path: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    for target, leads_here in ((f"{page}/here", True), ("http://192.0.2.1/there", False)):
        provider = {"type": "http", "url": f"{page}/to?{target}", "timeout": 5}
        (look,) = read(tmp_path, method=[ask("a", provider)]).method
        assert isinstance(look, Look)
        if leads_here:
            answer = look.probe.ask(NO_FLEET)
            assert isinstance(answer, dict)
            assert answer["body"]["path"] == "/here"
        else:
            with pytest.raises(ChaosError, match=r"loopback address, got 'http://192\.0\.2\.1/th"):
                look.probe.ask(NO_FLEET)


@pytest.mark.parametrize(
    ("provider", "sentence"),
    [
        ({"type": "http", "url": "http://example.test/"}, "url must be a loopback address"),
        ({"type": "http", "url": "ftp://127.0.0.1/"}, "url must be an http:// or"),
        ({"type": "http"}, "provider.url is missing"),
        ({"type": "http", "url": "http://127.0.0.1", "verify": 1}, "verify is not known here"),
        (
            {"type": "http", "url": "http://127.0.0.1", "timeout": -1},
            "timeout must be at least 0.001 seconds, got -1",
        ),
        (
            {"type": "http", "url": "http://127.0.0.1", "max_retries": -1},
            "max_retries must be from 0 to 10, got -1",
        ),
        (
            {"type": "http", "url": "http://127.0.0.1", "verify_tls": 1},
            "verify_tls must be true or false",
        ),
        ({"type": "process", "path": "no-such-program"}, "path must be a program"),
        ({"type": "process", "path": "true", "arguments": "-a | b"}, "no shell is started"),
        ({**OURS, "type": "grpc"}, "provider.type must be python, http or process, got 'grpc'"),
    ],
)
def test_a_probe_that_cannot_be_asked_is_refused(
    tmp_path: Path, provider: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ChaosConfigError, match=sentence):
        read(tmp_path, method=[ask("a", provider)])
