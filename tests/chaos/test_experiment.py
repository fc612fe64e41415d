from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos import actions
from chaos.errors import ChaosConfigError
from chaos.experiment.model import names
from chaos.experiment.reader import load
from chaos.faults.base import parameters
from chaos.faults.catalogue import FAULTS
from chaos.faults.kill_replica import KillReplica
from chaos.faults.network import NetworkCut


def action(func: str = "kill_replica", **more: Any) -> dict[str, Any]:
    arguments = more.pop("arguments", {})
    provider = {"type": "python", "module": "chaos.actions", "func": func, "arguments": arguments}
    return {"type": "action", "name": func, "provider": provider, **more}


def write(tmp_path: Path, **document: Any) -> Path:
    path = tmp_path / "sale.yaml"
    path.write_text(yaml.safe_dump({"title": "sale", "description": "day", **document}))
    return path


def test_the_default_experiment_is_the_sale_day() -> None:
    experiment = load("diwali-default")
    assert experiment.planned == [
        "kill-replica-1",
        "restart-redis-1",
        "kill-redis-1",
        "rolling-restart-1",
    ]
    assert all(step.before + step.after >= 6 for step in experiment.faults)


def test_every_experiment_that_comes_with_the_program_can_be_read() -> None:
    assert "smoke" in names()
    for name in names():
        assert load(name).planned


def test_a_json_file_is_read_and_faults_are_numbered_by_kind(tmp_path: Path) -> None:
    path = tmp_path / "sale.json"
    path.write_text(
        '{"title": "t", "description": "d", "method": ['
        '{"type": "action", "name": "a", "provider": {"type": "python", "module": "chaos.actions",'
        ' "func": "kill_redis"}, "pauses": {"before": 1, "after": 2.5}},'
        '{"type": "action", "name": "b", "provider": {"type": "python", "module": "chaos.actions",'
        ' "func": "kill_redis", "arguments": {"downtime": 3}}}]}'
    )
    first, second = load(path).faults
    assert (first.id, first.before, first.after) == ("kill-redis-1", 1.0, 2.5)
    assert (second.id, second.before) == ("kill-redis-2", 0.0)


def test_constants_of_the_configuration_are_put_in(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        configuration={"who": "r02", "calm": 4},
        method=[action(arguments={"replica": "${who}"}, pauses={"before": "${calm}"})],
    )
    (step,) = load(path).faults
    assert step.make() == KillReplica(replica="r02")
    assert step.before == 4


def test_every_fault_is_an_action_with_the_same_arguments() -> None:
    for func, kind in FAULTS.items():
        action = getattr(actions, func)
        taken = dict(inspect.signature(action).parameters)
        assert taken.pop("configuration").default is None
        assert taken == dict(inspect.signature(kind).parameters)
        assert tuple(taken) == parameters(kind)
        assert (action.__name__, action.__module__) == (func, "chaos.actions")
        assert action.__doc__ == kind.__doc__


def test_an_action_is_refused_an_argument_that_its_fault_does_not_take() -> None:
    with pytest.raises(TypeError, match="'downtme'"):
        actions.kill_replica(downtme=1)
    with pytest.raises(ValueError, match=r"downtime must be at least 0 seconds, got -1"):
        actions.kill_replica("r01", -1, configuration={})


def test_a_fault_states_its_needs_with_its_parameters() -> None:
    assert NetworkCut(side="redis").needs == {"network-redis"}
    assert NetworkCut(side="balancer").needs == {"network-balancer"}
    assert KillReplica().needs == {"kill", "restart"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"method": [action("kill_replicas")]},
     r"method\[0\].provider.func must be .*, got 'kill_replicas' .*did you mean kill_replica\?"),
    ({"method": [action(arguments={"downtme": 1})]}, r"method\[0\].provider.arguments.downtme is "
     r"not known here.*did you mean downtime\?"),
    ({"method": [action(arguments={"downtime": -1})]}, r"method\[0\].provider.arguments: "
     r"downtime must be at least 0 seconds, got -1"),
    ({"method": [action(arguments={"downtime": "long"})]},
     "downtime must be .* seconds, got 'long'"),
    ({"method": [action(arguments={"replica": 3})]}, "replica must be a name or random, got 3"),
    ({"method": [action("rolling_restart", arguments={"count": 0})]}, "count must be a.* got 0"),
    ({"method": [action(pauses={"befor": 1})]}, r"pauses.befor is .*did you mean before\?"),
    ({"method": [action(pauses={"before": "soon"})]},
     r"pauses.before must be .* seconds, got 'soon'"),
    ({"method": [action(background="yes")]},
     r"method\[0\].background must be true or false, got 'yes'"),
    ({"method": [{**action(), "type": "prob"}]},
     r"method\[0\].type must be action or probe, got 'prob'"),
    ({"method": [{**action(), "type": "probe"}]},
     r"module must be chaos.probes, got 'chaos.actions'"),
    ({"method": [action(tolerance=1)]}, r"method\[0\].tolerance is not known here"),
    ({"method": [{"ref": "b"}, action()]},
     r"method\[0\].ref must be the name of an activity, got 'b'"),
    ({"method": [{"type": "action", "name": "a", "provider": {"type": "grpc", "path": "rm"}}]},
     r"provider.type must be python, http or process, got 'grpc'"),
    ({"method": [{"type": "action", "name": "a",
                  "provider": {"type": "process", "path": "no-such"}}]},
     r"method\[0\].provider.path must be a program that can be run, got 'no-such'"),
    ({"method": [{"type": "action", "name": "a",
                  "provider": {"type": "http", "url": "http://shop.example/break"}}]},
     r"method\[0\].provider.url must be a loopback address, got 'http://shop.example/break'"),
    ({"method": [{"type": "action", "name": "a"}]}, r"method\[0\].provider is missing"),
    ({"method": {}}, "method must be a list, got {}"),
    ({}, "method is missing"),
    ({"method": [], "metod": []}, r"metod is not known here.*did you mean method\?"),
    ({"method": [], "rollbacks": [action(background=True)]}, r"rollbacks\[0\] must be an action"),
    ({"method": [], "extensions": [{"name": "diya", "att": {}}]}, r"did you mean at\?"),
    ({"method": [], "extensions": [{"name": "diya", "at": {"x": "start+1"}}]},
     "'x' is the name of no activity"),
    ({"method": [action()], "extensions": [{"name": "diya", "at": {"kill_replica": "-5"}}]},
     r"at.kill_replica must be a phase and seconds, as opening\+5s, got '-5'"),
    ({"method": [], "configuration": {"a": {"type": "env", "key": "DIYA_NO_SUCH"}}},
     "configuration.a.key: must be a variable that is set, got 'DIYA_NO_SUCH'"),
    ({"method": [], "configuration": {"a": {"type": "probe"}}},
     "configuration.a.provider is missing"),
    ({"method": [], "configuration": {"a": {"type": "probe", "provider": {"type": "python"}}}},
     r"configuration.a.provider.type must be http or process, .*, got 'python'"),
    ({"method": [], "configuration": {"a": {"type": "vault", "key": "x"}}},
     "configuration.a.type: must be env or probe, got 'vault', .* an environment variable"),
    ({"method": [], "configuration": {"a": {"type": "env", "key": "DIYA_NO_SUCH", "default": "x",
                                            "env_var_type": "int"}}},
     "configuration.a.env_var_type: configuration.a.default must be of type int"),
    ({"method": [], "configuration": {"a": {"type": "env", "key": "DIYA_NO_SUCH", "default": "x",
                                            "env_var_type": "date"}}},
     "configuration.a.env_var_type: must be one of str, .* got 'date'"),
    ({"method": [], "secrets": {"a": {"b": "•••"}}},
     "secrets.a.b: must be .type: env, key: NAME.: a record keeps no secret"),
    ({"method": [], "secrets": {"a": {"b": {"type": "vault", "key": "x"}}}},
     "secrets.a.b.type: must be env, got 'vault'"),
    ({"method": [action(arguments={"replica": "${whom}"})], "configuration": {"who": "r01"}},
     r"arguments.replica must be a name of configuration or secrets, got '\$\{whom\}' "
     r"\(did you mean who\?\)"),
    ({"method": [], "title": 3}, "title must be a text, got 3"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "sentence"), WRONG)
def test_an_error_names_the_wrong_key(
    tmp_path: Path, document: dict[str, Any], sentence: str
) -> None:
    path = write(tmp_path, **document)
    with pytest.raises(ChaosConfigError, match=sentence) as error:
        load(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert "hunter2" not in str(error.value)


def test_an_action_of_another_module_of_chaos_is_refused(tmp_path: Path) -> None:
    other = action()
    other["provider"]["module"] = "chaos.action"
    with pytest.raises(ChaosConfigError, match=r"must be chaos\.actions, got 'chaos.action'"):
        load(write(tmp_path, method=[other]))


def test_an_unknown_probe_is_refused(tmp_path: Path) -> None:
    provider = {"type": "python", "module": "chaos.probes", "func": "redis_answer"}
    probe = {"type": "probe", "name": "up", "provider": provider, "tolerance": True}
    path = write(tmp_path, method=[], **{"steady-state-hypothesis": {"probes": [probe]}})
    with pytest.raises(ChaosConfigError, match=r"did you mean redis_answers\?"):
        load(path)


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(
        ChaosConfigError, match=r"experiment must be a file or a name, got 'smok'.*mean smoke\?"
    ):
        load("smok")


def test_broken_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("title: a\nmethod: [\n")
    with pytest.raises(ChaosConfigError, match=r"broken.yaml, line 3: not YAML"):
        load(path)
