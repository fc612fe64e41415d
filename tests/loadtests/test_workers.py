"""A master and its workers, as processes: nothing is lost without being accounted for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chaos.fleet.ports import free_port
from loadtests.arrivals import arrivals
from loadtests.profiles import profile
from loadtests.profiles.profile import Profile
from reports.basics.exit_codes import ExitCode
from reports.records import ConversationRecord, Fate, LoadMark, Outcome, TurnRecord
from tests.loadtests.recorded import ROOT, fates, honest_server, records

pytestmark = [pytest.mark.service, pytest.mark.slow]

SEED = 11
Popen = subprocess.Popen[bytes]


def _profile(seconds: float = 4.0) -> Profile:
    values = profile.load("smoke").to_dict()
    values["time"]["compression"] = 7200
    values["load"]["base_rate"] = 12.0
    values["phase"] = [{"name": "opening", "minutes": seconds * 120, "hold": 1}]
    return profile.from_dict(values)


class LoadProcesses:
    """Processes of Locust; all of them are gone when the test is."""

    def __init__(self, stack: ExitStack, folder: Path, target: str) -> None:
        self._stack, self._folder, self._target = stack, folder, target
        self.port = str(free_port())

    def run_dir(self, name: str, load: Profile) -> Path:
        """A run directory as the harness prepares it."""
        run_dir = self._folder / name
        run_dir.mkdir()
        run = {
            "schema_version": 1,
            "run_id": f"{name}-0123456789ab",
            "origin": time.time(),
            "seed": SEED,
            "app": "shopmax",
            "target": self._target,
            "profile": load.to_dict(),
            "ttl_seconds": 1.0,
        }
        (run_dir / "run.json").write_text(json.dumps(run))
        return run_dir

    def master(self, run_dir: Path, workers: int) -> Popen:
        """Start a master that waits for so many workers."""
        return self._start(
            f"""--master --master-bind-host 127.0.0.1 --master-bind-port {self.port}
            --expect-workers {workers} --users 1 --spawn-rate 1 --host {self._target}
            --exit-code-on-error 0 --stop-timeout 2""",
            {"DIYA_RUN_DIR": str(run_dir)},
        )

    def alone(self, run_dir: Path) -> Popen:
        """Start one process that plays the whole load."""
        return self._start(
            f"--users 1 --spawn-rate 1 --host {self._target} --exit-code-on-error 0",
            {"DIYA_RUN_DIR": str(run_dir)},
        )

    def workers(self, count: int) -> list[Popen]:
        """Start workers."""
        where = f"--worker --master-host 127.0.0.1 --master-port {self.port}"
        return [self._start(where, {}) for _ in range(count)]

    def _start(self, arguments: str, more: dict[str, str]) -> Popen:
        log = self._stack.enter_context((self._folder / "log").open("ab"))
        env = {key: value for key, value in os.environ.items() if key != "DIYA_RUN_DIR"}
        command = "-m locust -f loadtests/locustfile.py --headless --only-summary"
        process = subprocess.Popen(
            [sys.executable, *command.split(), *arguments.split(), "--loglevel", "WARNING"],
            cwd=ROOT,
            env={**env, **more},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        self._stack.callback(_end, process)
        return process

    @property
    def log(self) -> str:
        """The output of all of them."""
        return (self._folder / "log").read_text(errors="replace")


def _end(process: Popen) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[LoadProcesses]:
    """Nobody yet, and an honest server whose sessions live one second."""
    with ExitStack() as stack:
        url, _ = stack.enter_context(honest_server(1.0))
        yield LoadProcesses(stack, tmp_path, url)


def _await(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.05)


def _await_turns(run_dir: Path, count: int) -> None:
    _await(lambda: len(records(run_dir, TurnRecord)) >= count, f"{count} turns")


def _all(load: Profile) -> list[int]:
    """The indices of all planned arrivals."""
    return [arrival.index for arrival in arrivals.plan(load, SEED)]


def test_three_workers_play_exactly_the_plan_of_one(processes: LoadProcesses) -> None:
    load = _profile()
    run_dir = processes.run_dir("whole", load)
    master, workers = processes.master(run_dir, 3), processes.workers(3)
    assert master.wait(90) == 0, processes.log
    assert [worker.wait(30) for worker in workers] == [0, 0, 0], processes.log
    planned = arrivals.plan(load, SEED)
    conversations = records(run_dir, ConversationRecord)
    assert fates(run_dir) == dict.fromkeys(_all(load), Fate.OFFERED)
    marks = records(run_dir, LoadMark)
    names = ["start", "phase:opening", "arrivals-end", "end", "audited"]
    assert [mark.mark for mark in marks] == names
    for record in conversations:
        due = marks[0].t + planned[record.conversation].due
        assert record.due == pytest.approx(due, abs=0.1)
    turns = records(run_dir, TurnRecord)
    assert {turn.outcome for turn in turns} == {Outcome.OK}
    taken = Counter(turn.conversation for turn in turns)
    assert taken == {record.conversation: record.turns_planned for record in conversations}


def test_a_killed_worker_loses_only_its_own_arrivals(processes: LoadProcesses) -> None:
    load = _profile(8.0)
    run_dir = processes.run_dir("killed", load)
    master, workers = processes.master(run_dir, 3), processes.workers(3)
    _await_turns(run_dir, 10)
    workers[1].kill()
    assert master.wait(90) == 0, processes.log
    assert workers[0].wait(30) == workers[2].wait(30) == 0, processes.log
    became = fates(run_dir)
    assert [*became] == _all(load)
    lost = {index % 3 for index, fate in became.items() if fate is Fate.LOST}
    assert len(lost) == 1, "one shard"
    others = {fate for index, fate in became.items() if index % 3 not in lost}
    assert others == {Fate.OFFERED}
    assert "worker-lost" in [mark.mark for mark in records(run_dir, LoadMark)]


def test_a_stopped_master_still_accounts_for_every_arrival(processes: LoadProcesses) -> None:
    load = _profile(30.0)
    run_dir = processes.run_dir("stopped", load)
    master, workers = processes.master(run_dir, 2), processes.workers(2)
    _await_turns(run_dir, 5)
    master.send_signal(signal.SIGTERM)
    assert master.wait(30) == 0, processes.log
    for worker in workers:
        worker.wait(30)
    became = fates(run_dir)
    assert [*became] == _all(load)
    assert {*became.values()} <= {Fate.OFFERED, Fate.CENSORED}
    assert Fate.CENSORED in became.values()


def test_the_workers_of_a_killed_master_end_and_never_reach_the_next_run(
    processes: LoadProcesses,
) -> None:
    first = processes.run_dir("first", _profile(30.0))
    master, stale = processes.master(first, 2), processes.workers(2)
    _await_turns(first, 5)
    master.kill()
    master.wait()
    load = _profile()
    second = processes.run_dir("second", load)
    master, workers = processes.master(second, 1), processes.workers(1)
    assert master.wait(90) == 0, processes.log
    assert workers[0].wait(30) == 0, processes.log
    assert [worker.wait(30) for worker in stale] == [
        ExitCode.INCONCLUSIVE,
        ExitCode.INCONCLUSIVE,
    ], processes.log
    conversations = records(second, ConversationRecord)
    assert fates(second) == dict.fromkeys(_all(load), Fate.OFFERED)
    assert all("-second-" in record.session for record in conversations)


def test_a_worker_that_joins_late_plays_no_part(processes: LoadProcesses) -> None:
    load = _profile(8.0)
    run_dir = processes.run_dir("late", load)
    master = processes.master(run_dir, 1)
    processes.workers(1)
    _await_turns(run_dir, 2)
    (late,) = processes.workers(1)
    assert master.wait(90) == 0, processes.log
    late.wait(30)
    assert fates(run_dir) == dict.fromkeys(_all(load), Fate.OFFERED)
    assert "worker-late" in [mark.mark for mark in records(run_dir, LoadMark)]
