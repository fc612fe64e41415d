"""An experiment with fewer faults: those that are left are where and when they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from chaos.experiment.model import Look, Moment
from chaos.experiment.reader import parse
from chaos.experiment.subset import PinnedExperiment
from chaos.faults.kill_replica import KillReplica
from reports.records import FaultWindow

PATH = Path("sale.yaml")


def action(name: str, func: str = "kill_replica", **more: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": "chaos.actions", "func": func}
    return {"type": "action", "name": name, "provider": provider, **more}


PROBE = {
    "type": "probe",
    "name": "up",
    "provider": {"type": "python", "module": "chaos.probes", "func": "redis_answers"},
    "tolerance": True,
}


def done(fault_id: str, start: float, target: str = "r02") -> FaultWindow:
    kind = fault_id.rpartition("-")[0]
    return FaultWindow(fault_id, kind, target, start, start + 2, start + 1, True)


def text(*method: dict[str, Any], **more: Any) -> str:
    return yaml.safe_dump({"title": "t", "description": "d", "method": list(method), **more})


def test_a_pause_becomes_the_moment_that_it_was_in_the_run() -> None:
    pinned = PinnedExperiment(
        text(
            action("first", pauses={"before": 3}),
            action("second", "kill_redis", pauses={"before": 4, "after": 1}),
        ),
        PATH,
        10.0,
        [done("kill-replica-1", 13.2), done("kill-redis-1", 20.125, "redis")],
    )
    assert pinned.faults == ["kill-replica-1", "kill-redis-1"]
    (left,) = parse(pinned.only(["kill-redis-1"]), PATH).faults
    assert left.at == Moment("start", 10.12)
    assert left.after == 1


def test_drawn_targets_are_named_and_equal_names_get_numbers() -> None:
    source = text(action("one"), action("one"), {"ref": "one"})
    windows = [done(f"kill-replica-{n}", 5.0 * n, f"r0{n}") for n in (1, 2, 3)]
    pinned = PinnedExperiment(source, PATH, 0.0, windows)
    left = parse(pinned.only(["kill-replica-2", "kill-replica-3"]), PATH)
    assert [step.make() for step in left.faults] == [
        KillReplica(replica="r02"),
        KillReplica(replica="r03"),
    ]
    assert [step.at for step in left.faults] == [Moment("start", 10.0), Moment("start", 15.0)]


def test_a_fault_that_was_never_done_is_removed_and_the_rest_stays() -> None:
    source = text(
        action("first"),
        {**PROBE},
        action("last", "freeze_replica"),
        extensions=[
            {"name": "other", "x": 1},
            {"name": "diya", "topology": "sentinel", "at": {"up": "opening+1s"}},
        ],
        rollbacks=[action("back", "noop")],
        **{"steady-state-hypothesis": {"title": "s", "probes": [PROBE]}},
    )
    pinned = PinnedExperiment(source, PATH, 0.0, [done("kill-replica-1", 5.0)])
    assert pinned.faults == ["kill-replica-1"]
    left = parse(pinned.only([]), PATH)
    (look,) = left.method
    assert isinstance(look, Look)
    assert look.at == Moment("opening", 1.0)
    assert left.topology == "sentinel"
    assert [step.id for step in left.rollbacks] == ["rollback-noop-1"]
    assert [probe.name for probe in left.steady_state] == ["up"]
    assert {"name": "other", "x": 1} in yaml.safe_load(pinned.only([]))["extensions"]
