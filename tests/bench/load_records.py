"""Records of millions of turns on their way from a worker to the master: memory, for one number.

`python -m tests.bench.load_records 10000000` plays no load: that would take hours.  It makes the
records of so many turns and conversations as fast as they are taken, and they pass through the same
parts as in a run: the worker and its stream, Locust's messages over TCP, the master, its ledger of
arrivals and its files.  The turns' own file leads nowhere, for they would fill the disk.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import load_stage

TURNS_EACH = 4
"""Turns of a conversation."""
_RATE = 2000.0
"""Arrivals a second of the plan, the most that a profile may have."""
_GIVE_WAY = 50
"""Records made between two moments in which the rest of the worker has its turn."""


def run_settings(turns: int, folder: str) -> Any:
    """A run with a quarter as many arrivals as turns, near enough."""
    from loadtests.generator import settings

    load = load_stage.profile(_RATE, turns / TURNS_EACH / _RATE)
    values = {
        "schema_version": 1,
        "run_id": "bench",
        "origin": time.time(),
        "seed": 1,
        "app": "a",
        "target": "http://127.0.0.1:1",
        "ttl_seconds": load.real_ttl_seconds,
        "profile": load.to_dict(),
    }
    return settings.parse(Path(folder) / "run.json", values)


class Pusher:
    """Takes the place of a worker's player: hands in records without playing anything."""

    def __init__(self, run: Any, target: str, clock: Any, recorder: Any, *_: Any, **k: int) -> None:
        from loadtests.arrivals import arrivals
        from loadtests.generator.generator_stats import GeneratorStats

        self._clock, self._recorder, self._stats = clock, recorder, GeneratorStats()
        self._coming = arrivals.shard(run.profile, run.seed, k["shard"], k["shards"])

    def talk(self, start: float) -> bool:
        """Hand in everything."""
        import gevent

        for number, arrival in enumerate(self._coming):
            self._converse(arrival, start + arrival.due)
            if number % (_GIVE_WAY // TURNS_EACH) == 0:
                gevent.sleep(0)
        return True

    def _converse(self, arrival: Any, due: float) -> None:
        from reports.records import ConversationRecord, Fate, Outcome, Seen, TurnRecord

        index = arrival.index
        for turn in range(TURNS_EACH):
            record = TurnRecord(
                conversation=index,
                turn=turn,
                turn_id=f"c{index}t{turn}",
                journey=arrival.journey,
                due=due + turn,
                sent=due + turn + 0.0004,
                first_token=None,
                done=due + turn + 0.0713 + index % 97 / 1000,
                outcome=Outcome.OK,
                attempts=1,
                replica=f"r{index % 12:02}",
                message=f"{arrival.seed % 2**64:016x}",
                reply=f"{(arrival.seed + turn) % 2**64:016x}",
                seen=Seen(turn + 1, f"{(arrival.seed + 7 * turn) % 2**64:016x}"),
                status=200,
            )
            self._recorder.write(record)
            self._stats.turn(record)
        ended = ConversationRecord(
            conversation=index,
            journey=arrival.journey,
            user=f"customer-bench-{index}",
            session=f"chat-bench-{index}",
            due=due,
            started=due + 0.0004,
            opened=due + 0.01,
            ended=due + TURNS_EACH,
            fate=Fate.OFFERED,
            turns_planned=TURNS_EACH,
        )
        self._recorder.write(ended)

    def audit_late(self) -> bool:
        """There is nothing to audit."""
        return True

    def stop(self) -> None:
        """Nothing is under way."""


def worker(port: str) -> None:
    """The worker's process: ends when its master has ended, and reports its memory."""
    import gevent
    from locust.env import Environment

    from loadtests.generator import worker as workers

    environment = Environment()
    environment.create_worker_runner("127.0.0.1", int(port))
    setattr(workers, "Player", Pusher)  # noqa: B010  (types would have it otherwise)
    ours = workers.Worker(environment, lambda *_: None)
    while ours._player is None:
        gevent.sleep(0.05)
    while ours._player is not None:
        gevent.sleep(0.05)
    print(_peak_megabytes(), flush=True)


def records(turns: int) -> dict[str, Any]:
    """Peak megabytes of both processes; this one is the master."""
    import gevent
    from locust.env import Environment

    from loadtests.generator.master import MessageRouter
    from reports.records import Fate

    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.devnull, Path(folder) / "turns.jsonl")
        environment = Environment()
        runner = environment.create_master_runner("127.0.0.1", 0)
        begun = time.monotonic()
        command = [sys.executable, "-m", "tests.bench.load_records", "worker"]
        command.append(str(runner.server.port))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            while not runner.clients.ready:
                gevent.sleep(0.05)
            run = run_settings(turns, folder)
            master = MessageRouter(environment).begin(run, run.target)
            gevent.spawn(master.play)
            while not all(each.stage == "talked" for each in master._members.values()):
                gevent.sleep(0.05)
            left = sum(each.count for each in master._ledger.write_off(Fate.LOST))
            seconds = time.monotonic() - begun
            master.stop()
            theirs = float(process.stdout.readline())
            process.kill()
        return {
            "turns": master._planned * TURNS_EACH,
            "worker": theirs,
            "master": _peak_megabytes(),
            "unaccounted": left,
            "seconds": seconds,
        }


def _peak_megabytes() -> float:
    """The most memory this process ever had resident, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    import locust  # noqa: F401  (patches everything, as in a run)

    if sys.argv[1] == "worker":
        worker(sys.argv[2])
    else:
        print(json.dumps(records(int(sys.argv[1]))), flush=True)
    os._exit(0)
