"""Actions and configuration of a Chaos Toolkit file that are processes and HTTP calls."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from chaos.errors import ChaosConfigError
from chaos.experiment.model import Experiment, Look
from chaos.experiment.reader import load
from chaos.experiment.schedule import Schedule
from chaos.faults.base import perform
from chaos.fleet.undoing import UndoKeeper
from harness import parser
from harness.run import read_plan
from reports.records import FaultWindow, RunClock
from tests.chaos.conftest import NO_FLEET, no_replicas
from tests.chaos.test_experiment_format import action, ask, page, read

__all__ = ["page"]

pytestmark = pytest.mark.service


def python(code: str, **more: Any) -> dict[str, Any]:
    return {"type": "process", "path": sys.executable, "arguments": ["-c", code], **more}


def shown(code: str, tolerance: object = 0) -> dict[str, Any]:
    return {"took_hold": {"provider": python(code), "tolerance": tolerance}}


def touch(mark: Path) -> str:
    return f"open({str(mark)!r}, 'w').write('yes')"


def exists(mark: Path) -> str:
    return f"import os, sys; sys.exit(not os.path.exists({str(mark)!r}))"


def read_asked(tmp_path: Path, **document: Any) -> Experiment:
    read(tmp_path, **document)
    return load(tmp_path / "sale.yaml", ask=True)


def outside(provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "action", "name": "theirs", "provider": provider, **more}


def played(
    experiment: Experiment, keeper: UndoKeeper | None = None, clock: RunClock | None = None
) -> FaultWindow:
    (step, *_) = experiment.faults or experiment.rollbacks
    env = no_replicas(keeper)
    fault = step.make()
    fault.check(env)
    return perform(step.id, fault, env, clock or RunClock(time.time()), random.Random(1))


def test_a_process_is_a_fault_that_lasts_until_the_end_of_the_pause_after_it(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "done"
    theirs = outside(python(touch(mark)), pauses={"after": 0.3}, **{"x-diya": shown(exists(mark))})
    experiment = read(tmp_path, method=[theirs, action()])
    assert experiment.notes == ()
    assert experiment.planned == ["process-1", "kill-replica-1"]
    assert experiment.method[0].after == 0.0
    window = played(experiment)
    assert mark.read_text() == "yes"
    assert (window.fault, window.target, window.took_hold) == ("process", sys.executable, True)
    assert window.error is None
    assert window.injected is not None
    assert window.end - window.injected >= 0.3


def test_success_without_evidence_is_no_fault_that_took_hold(tmp_path: Path) -> None:
    provider = {"type": "process", "path": "true"}
    experiment = read(tmp_path, method=[outside(provider, pauses={"after": 0.3})])
    (note,) = experiment.notes
    assert note.startswith("method[0] has no x-diya: took_hold")
    assert note.endswith("a run will be INCONCLUSIVE")
    window = played(experiment)
    assert not window.took_hold
    assert window.error is not None
    assert "nothing shows that it took hold" in window.error
    assert "add x-diya: took_hold to the action" in window.error
    # The next activity comes no earlier than with evidence.
    assert window.injected is not None
    assert window.end - window.injected >= 0.3


def test_evidence_that_is_met_before_the_action_shows_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "done"
    theirs = outside(python(touch(mark)), **{"x-diya": shown("pass")})
    window = played(read(tmp_path, method=[theirs]))
    assert not window.took_hold
    assert "must be a probe that is not met before the action: got" in (window.error or "")
    assert not mark.exists()


def test_evidence_that_gives_no_answer_before_the_action_shows_nothing(tmp_path: Path) -> None:
    asked = {"provider": {"type": "http", "url": "http://127.0.0.1:9/"}, "tolerance": 200}
    theirs = outside(python("pass"), **{"x-diya": {"took_hold": asked}})
    window = played(read(tmp_path, method=[theirs]))
    assert not window.took_hold
    assert "not met before the action: no answer: " in (window.error or "")


def test_evidence_that_is_not_met_after_the_action_shows_that_it_did_not_take_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.experiment.outside_action._SHOWS_S", 0.0)
    theirs = outside(python("pass"), **{"x-diya": shown(exists(tmp_path / "never"))})
    window = played(read(tmp_path, method=[theirs]))
    assert not window.took_hold
    assert "took_hold was not met within 0 s after the action: got" in (window.error or "")


def test_an_effect_that_comes_a_moment_after_the_call_is_seen(tmp_path: Path) -> None:
    count = tmp_path / "asked"
    count.write_text("")
    # Not met before the call, nor the first time after it.
    code = (
        f"import sys; f = open({str(count)!r}, 'r+'); n = len(f.read()); f.write('x'); "
        "sys.exit(n < 2)"
    )
    window = played(
        read(tmp_path, method=[outside(python("pass"), **{"x-diya": shown(code)})]),
    )
    assert (window.took_hold, window.error) == (True, None)
    assert count.read_text() == "xxx"


def test_the_evidence_may_be_a_probe_of_diya(tmp_path: Path) -> None:
    provider = {"type": "python", "module": "chaos.probes", "func": "redis_answers"}
    theirs = outside(
        python("pass"), **{"x-diya": {"took_hold": {"provider": provider, "tolerance": False}}}
    )
    assert read(tmp_path, method=[theirs]).notes == ()


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({"tookhold": {}}, r"method\[0\].x-diya.tookhold is .*did you mean took_hold\?"),
        ({"took_hold": {"provider": python("pass")}}, "x-diya.took_hold.tolerance is missing"),
        (
            {"took_hold": {"type": "action", "provider": python("pass"), "tolerance": 0}},
            "x-diya.took_hold.type must be probe, got 'action'",
        ),
    ],
)
def test_evidence_that_cannot_be_read_is_refused(
    tmp_path: Path, evidence: dict[str, Any], said: str
) -> None:
    with pytest.raises(ChaosConfigError, match=said):
        read(tmp_path, method=[outside(python("pass"), **{"x-diya": evidence})])


def test_chaos_toolkit_ignores_the_evidence(tmp_path: Path) -> None:
    from chaoslib.experiment import ensure_experiment_is_valid

    theirs = outside(python("pass"), **{"x-diya": shown("pass")})
    ensure_experiment_is_valid({"title": "t", "description": "d", "method": [theirs]})


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


def test_a_program_that_cannot_be_started_is_told_as_shells_do(tmp_path: Path) -> None:
    program = tmp_path / "restart.sh"
    program.write_text("no line that names its interpreter\n")
    program.chmod(0o755)
    experiment = read(tmp_path, method=[outside({"type": "process", "path": str(program)})])
    failure = played(experiment).error or ""
    assert failure == f"{program} ended with exit code 126: Exec format error"


def test_an_http_call_answered_with_an_error_did_not_take_hold(tmp_path: Path, page: str) -> None:
    provider = {"type": "http", "url": f"{page}/bad?key=secret"}
    window = played(read(tmp_path, method=[outside(provider)]))
    assert (window.fault, window.took_hold) == ("http", False)
    assert window.target == f"{page.removeprefix('http://')}/bad"
    assert "the call was answered with HTTP " in (window.error or "")


def test_a_rollback_needs_no_evidence(tmp_path: Path) -> None:
    experiment = read(tmp_path, rollbacks=[outside(python("pass"))])
    assert (experiment.rollbacks[0].id, experiment.notes) == ("rollback-process-1", ())
    assert played(experiment).took_hold


def test_reading_runs_nothing_and_checks_what_needs_no_answer(tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    configuration = {
        "first": {"type": "probe", "provider": python(touch(mark))},
        "second": {"type": "probe", "provider": python("print('${first}')")},
    }
    method = [
        action(arguments={"downtime": "${first}"}, pauses={"before": "${second}"}),
        ask("look", python("print('$first')"), tolerance="${second}"),
        outside(python("print('${second}')")),
    ]
    experiment = read(tmp_path, configuration=configuration, method=method)
    assert not mark.exists()
    assert experiment.planned == ["kill-replica-1", "process-1"]
    assert experiment.notes[:2] == (
        "configuration.first is asked when a run begins; its value is not checked",
        "configuration.second is asked when a run begins; its value is not checked",
    )
    with pytest.raises(ChaosConfigError, match=r"configuration.first must be asked before"):
        Schedule(experiment, NO_FLEET, RunClock(0.0), NO_FLEET, seed=1)
    for wrong, said in [
        (action(arguments={"downtme": "${first}"}), "downtme is not known here"),
        (action(arguments={"downtime": "${frist}"}), r"got '\${frist}'.*did you mean first\?"),
        (action(arguments={"downtime": -1}), "downtime must be at least 0"),
    ]:
        with pytest.raises(ChaosConfigError, match=said):
            read(tmp_path, configuration=configuration, method=[wrong])


def test_a_run_asks_each_value_once(tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    code = f"open({str(mark)!r}, 'a').write('x'); print('0.5')"
    path = tmp_path / "sale.yaml"
    configuration = {"calm": {"type": "probe", "provider": python(code)}}
    read(tmp_path, configuration=configuration, method=[action(pauses={"before": "${calm}"})])
    words = ["readiness", "--profile", "smoke", "--experiment", str(path)]
    assert not mark.exists()
    planned = read_plan.from_args(parser.build().parse_args(words))
    assert not mark.exists()
    planned = read_plan.from_args(parser.build().parse_args(words), ask=True)
    assert planned.experiment is not None
    assert (planned.experiment.method[0].before, planned.experiment.unasked) == (0.5, ())
    assert mark.read_text() == "x"


def test_configuration_may_be_asked_of_a_process_and_of_a_page(tmp_path: Path, page: str) -> None:
    configuration = {
        "first": {"type": "probe", "name": "a", "provider": python("print(' 0.5 ')")},
        "second": {"type": "probe", "provider": python("print('${first}' * 2)")},
        "third": {"type": "probe", "provider": {"type": "http", "url": f"{page}/x"}},
        "plain": "r01",
    }
    experiment = read_asked(
        tmp_path,
        configuration=configuration,
        method=[action(arguments={"replica": "${plain}"}, pauses={"before": "${first}"})],
    )
    assert experiment.method[0].before == 0.5
    echo = python("import sys; print(sys.argv[1])")
    echo["arguments"].append("${second}")
    (look,) = read_asked(
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
        read_asked(tmp_path, configuration={"a": {"type": "probe", "provider": provider}})
