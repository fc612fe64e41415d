"""Actions and configuration of a Chaos Toolkit file that are processes and HTTP calls."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos.errors import ChaosConfigError
from chaos.experiment.model import Experiment, Look, Step
from chaos.faults.base import perform
from chaos.fleet.active_faults import ActiveFaults
from reports.records import FaultWindow, RunClock
from tests.chaos.conftest import NO_FLEET
from tests.chaos.test_experiment_format import action, page, read

__all__ = ["page"]

pytestmark = pytest.mark.service


def python(code: str, **more: Any) -> dict[str, Any]:
    return {"type": "process", "path": sys.executable, "arguments": ["-c", code], **more}


def outside(provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "action", "name": "theirs", "provider": provider, **more}


def played(experiment: Experiment) -> FaultWindow:
    step = experiment.method[0]
    assert isinstance(step, Step)
    env: Any = SimpleNamespace(
        active_faults=ActiveFaults(), wait_balanced=lambda _: None, capabilities=frozenset()
    )
    fault = step.make()
    fault.check(env)
    return perform(step.id, fault, env, RunClock(time.time()), random.Random(1))


def test_a_process_is_a_fault_that_lasts_until_the_end_of_the_pause_after_it(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "done"
    code = f"open({str(mark)!r}, 'w').write('yes')"
    experiment = read(tmp_path, method=[outside(python(code), pauses={"after": 0.3}), action()])
    assert experiment.planned == ["process-1", "kill-replica-1"]
    assert experiment.method[0].after == 0.0
    window = played(experiment)
    assert mark.read_text() == "yes"
    assert (window.fault, window.target, window.took_hold) == ("process", sys.executable, True)
    assert window.injected is not None
    assert window.end - window.injected >= 0.3


def test_a_process_that_fails_did_not_take_hold_and_tells_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALE_TOKEN", "hunter2")
    secrets = {"shop": {"token": {"type": "env", "key": "SALE_TOKEN"}}}
    code = "import sys; sys.exit('no ' + sys.argv[1])"
    provider = python(code)
    provider["arguments"].append("${token}")
    window = played(read(tmp_path, secrets=secrets, method=[outside(provider)]))
    assert not window.took_hold
    assert window.error == f"{sys.executable} ended with exit code 1: no •••"


@pytest.mark.parametrize(("path", "held"), [("/fine", True), ("/bad", False)])
def test_an_http_call_takes_hold_unless_it_is_answered_with_an_error(
    tmp_path: Path, page: str, path: str, held: bool
) -> None:
    provider = {"type": "http", "url": f"{page}{path}?key=secret"}
    window = played(read(tmp_path, method=[outside(provider)]))
    assert (window.fault, window.took_hold) == ("http", held)
    assert window.target == f"{page.removeprefix('http://')}{path}"
    assert (window.error is None) == held


def test_a_process_may_be_a_rollback(tmp_path: Path) -> None:
    (step,) = read(tmp_path, rollbacks=[outside(python("pass"))]).rollbacks
    assert step.id == "rollback-process-1"


def test_configuration_may_be_asked_of_a_process_and_of_a_page(tmp_path: Path, page: str) -> None:
    configuration = {
        "first": {"type": "probe", "name": "a", "provider": python("print(' 0.5 ')")},
        "second": {"type": "probe", "provider": python("print('${first}' * 2)")},
        "third": {"type": "probe", "provider": {"type": "http", "url": f"{page}/x"}},
        "plain": "r01",
    }
    experiment = read(
        tmp_path,
        configuration=configuration,
        method=[action(arguments={"replica": "${plain}"}, pauses={"before": "${first}"})],
    )
    assert experiment.method[0].before == 0.5
    echo = python("import sys; print(sys.argv[1])")
    echo["arguments"].append("${second}")
    (look,) = read(
        tmp_path,
        configuration=configuration,
        method=[{"type": "probe", "name": "echo", "provider": echo}],
    ).method
    assert isinstance(look, Look)
    answer: Any = look.probe.ask(NO_FLEET)
    assert answer["stdout"] == "0.50.5\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('no such key')", "configuration.a: the process must end with 0"),
        ("import time; time.sleep(9)", "configuration.a: the probe must answer: .* within 0.2 s"),
    ],
)
def test_configuration_that_cannot_be_asked_is_refused(
    tmp_path: Path, code: str, said: str
) -> None:
    provider = python(code, timeout=0.2 if "sleep" in code else 10)
    with pytest.raises(ChaosConfigError, match=said):
        read(tmp_path, configuration={"a": {"type": "probe", "provider": provider}})
