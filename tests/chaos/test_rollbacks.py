"""The rollbacks of a file: the guardian keeps them from before the first fault."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from chaos.experiment.schedule import Schedule
from chaos.fleet.guardian import Guardian
from chaos.fleet.undoing import Undoing
from reports.records import RecordWriter, RunClock
from tests.chaos.conftest import no_replicas
from tests.chaos.test_experiment_format import read
from tests.chaos.test_outside_action import exists, outside, python, shown, touch
from tests.chaos.test_outside_terms import Keeper

pytestmark = pytest.mark.service


def rolled_back(tmp_path: Path, keeper: Keeper, *rollbacks: dict[str, Any]) -> None:
    """Play a method of one action and these rollbacks."""
    first = outside(python("pass"), **{"x-diya": shown(exists(tmp_path / "never"))})
    first["x-diya"]["took_hold"]["within"] = 0
    experiment = read(tmp_path, method=[first], rollbacks=list(rollbacks))
    with RecordWriter(tmp_path) as writer:
        clock = RunClock(time.time())
        schedule = Schedule(experiment, no_replicas(keeper), clock, writer, seed=1)
        schedule.start(0.0)
        assert schedule.join(30)


def test_rollbacks_are_kept_before_the_first_fault_and_dropped_once_they_succeeded(
    tmp_path: Path,
) -> None:
    keeper, mark = Keeper(), tmp_path / "mark"
    good = {**outside(python(touch(mark))), "name": "good"}
    bad = {**outside({"type": "process", "path": "/bin/false"}), "name": "bad"}
    rolled_back(tmp_path, keeper, good, bad)
    assert keeper.said == ["keep", "keep", "drop"]
    assert mark.exists()
    (left,) = keeper.kept.values()
    assert (left.call["what"], left.call["by_hand"]) == ("rollback", "/bin/false")


def test_the_guardian_plays_the_undo_first_and_then_the_rollbacks_in_their_order(
    tmp_path: Path,
) -> None:
    class Forgetful(Keeper):
        """Keeps what is dropped, as a guardian whose harness was killed before."""

        def drop(self, key: str) -> None:
            self.said.append("drop")

    keeper, mark, log = Forgetful(), tmp_path / "order", tmp_path / "logs" / "undo.log"
    steps = [
        {**outside(python(f"open({str(mark)!r}, 'a').write({word!r})")), "name": word}
        for word in ("1", "2")
    ]
    rolled_back(tmp_path, keeper, *steps)
    guardian = Guardian.start(uuid.uuid4().hex[:12], undo_log=log)
    mark.unlink()
    for key, undoing in keeper.kept.items():
        guardian.keep(key, undoing)
    undo = {**next(iter(keeper.kept.values())).call, "what": "undo"}
    undo["undo"] = {**undo["undo"], "provider": python(f"open({str(mark)!r}, 'a').write('0')")}
    kept = next(iter(keeper.kept.values()))
    guardian.keep("fault", Undoing(kept.command, undo, kept.limit_s))
    assert guardian.close()
    assert mark.read_text() == "012"
    assert log.read_text().count("rolled back by the guardian") == 2
