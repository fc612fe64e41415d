"""Does one fault to the sample project and says each phase: a test kills it in one of them.

`python -m tests.containers.project.doomed_run PROJECT FAULT RUN_DIR`
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from chaos.containers.project.project_fleet import ProjectFleet
from chaos.faults.base import Fault, perform
from chaos.faults.disconnect import DisconnectRedis, DisconnectReplica
from chaos.faults.freeze import FreezeRedis, FreezeReplica
from chaos.faults.kill_replica import KillReplica
from chaos.faults.limit_memory import LimitMemory
from chaos.faults.redis_outage import KillRedis
from chaos.faults.terminate_replica import TerminateReplica
from reports.records import RunClock
from tests.containers.project import shop as shops

HOLD_S = 60.0
PHASES = ("before", "inject", "hold", "heal")
FAULTS: dict[str, Callable[[float], Fault]] = {
    "kill-replica": lambda hold: KillReplica(replica="r02", downtime=hold),
    "terminate-replica": lambda hold: TerminateReplica(replica="r02", duration=hold),
    "freeze-replica": lambda hold: FreezeReplica(replica="r02", duration=hold),
    "disconnect-replica": lambda hold: DisconnectReplica(replica="r02", duration=hold),
    "limit-memory": lambda hold: LimitMemory(replica="r02", share=1.5, duration=hold),
    "kill-redis": lambda hold: KillRedis(downtime=hold),
    "freeze-redis": lambda hold: FreezeRedis(duration=hold),
    "disconnect-redis": lambda hold: DisconnectRedis(duration=hold),
}


def main(project: str, kind: str, phase: str, run_dir: Path) -> None:
    """Do it; in every phase but the last the fault would last until the test's end."""
    fault = FAULTS[kind](0.2 if phase == "heal" else HOLD_S)
    for name in ("inject", "hold", "heal"):
        setattr(fault, name, partial(_said, name, getattr(fault, name)))
    with ProjectFleet.from_plan(shops.plan(project, run_dir)) as fleet:
        fleet.start()
        fleet.wait_ready()
        _say("before")
        perform("it", fault, fleet, RunClock(time.time()), random.Random(1))
    _say("over")


def _said(phase: str, do: Callable[..., Any], *arguments: Any) -> Any:
    _say(phase)
    return do(*arguments)


def _say(phase: str) -> None:
    print(phase, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
