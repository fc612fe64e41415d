"""`make bench-judge`: how long a run of a million turns takes to judge, and how much memory.

A run directory is made up (four turns a conversation, conversations interleaved as in a real run,
an audit at the end of each and one in ten again after its TTL), then judged in a process of its
own, from reading the records to the valid result.  Then another one, of which every conversation
lost its last turn: none of them takes the short way.  A million turns may take 20 s and 1 GB.
Other sizes by hand, ten million with 10 GB of free disk: `python -m tests.bench.judge 10000000`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush
from itertools import product
from pathlib import Path

from reports.records import chain, digest

TURNS_EACH = 4
_MOST_S, _MOST_BYTES, _JUDGED_AT = 20.0, 1e9, 1_000_000
_FASTEST = 1000.0
"""Turns a second of run time, at most."""
_SHORTEST_S = 100.0
"""Run time of the load, at least: the TTL must be able to pass."""
_TTL = 30.0
_READ_AFTER_S = 0.005
"""From a customer's last answer to the read of the session: one that comes later may have been sent
before, and such a read may have kept the session alive."""
_PROBE = """
import resource, sys, time
from pathlib import Path
from reports.verdict.judge import judge
begun, cpu = time.perf_counter(), time.process_time()
result = judge(Path(sys.argv[1]))
seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(result["verdict"], result["turns"]["ok"], seconds, cpu, rss)
"""


def write_run(directory: Path, turns: int, *, sound: bool = True) -> None:
    """Make up a run with so many turns, a multiple of `TURNS_EACH`; of an unsound one every
    conversation lost its last turn."""
    conversations = turns // TURNS_EACH
    length = max(turns / _FASTEST, _SHORTEST_S)
    directory.mkdir(parents=True)
    (directory / "run.json").write_text(json.dumps(_run_json()))
    with (
        (directory / "turns.jsonl").open("w") as turns_file,
        (directory / "audits.jsonl").open("w") as audits_file,
        (directory / "conversations.jsonl").open("w") as conversations_file,
    ):
        files = {"t": turns_file, "a": audits_file, "c": conversations_file}
        for kind, text in _records(conversations, length, kept=TURNS_EACH if sound else -1):
            files[kind].write(text)
    last = length + 20.0
    with (directory / "load.jsonl").open("w") as file:
        for mark, t in (
            ("start", 0.0),
            ("phase:warmup", 0.0),
            ("phase:hold", 5.0),
            ("arrivals-end", length),
            ("end", last),
            ("audited", last + _TTL + 5),
        ):
            values = {"arrivals": conversations} if mark == "start" else {}
            file.write(json.dumps({"t": t, "mark": mark, "values": values}) + "\n")
    with (directory / "samples.jsonl").open("w") as file:
        for second in range(-3, int(last + _TTL) + 6):
            keys = max(0.0, min(second, _TTL, last + _TTL - second)) * 100
            redis = {"used_memory": 2e6 + 1000 * keys, "keys": keys, "persistent_keys": 0.0}
            redis |= {"mem_clients_normal": 0, "mem_aof_buffer": 0, "expired_keys": 0}
            redis |= {"evicted_keys": 0, "run": 1}
            file.write(json.dumps({"t": second, "source": "redis", "values": redis}) + "\n")
            host = {"cpu_percent": 40.0, "available": 4e9}
            file.write(json.dumps({"t": second, "source": "host", "values": host}) + "\n")
    faults = [{"id": f"kill-replica-{n}", "at": length * n / 5} for n in range(1, 5)]
    with (directory / "faults.jsonl").open("w") as file:
        for fault in faults:
            window = {"id": fault["id"], "fault": "kill-replica", "target": "r01"}
            window |= {"start": fault["at"], "end": float(str(fault["at"])) + 3}
            window |= {"recovered_at": window["end"], "took_hold": True}
            file.write(json.dumps(window) + "\n")


@dataclass(frozen=True, slots=True)
class Judging:
    """The cost of judging one run."""

    verdict: str
    acknowledged: int
    seconds: float
    cpu_seconds: float
    rss_bytes: int
    """At its peak, interpreter included."""


def measure(run_dir: Path) -> Judging:
    """Judge a run in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", _PROBE, str(run_dir)], capture_output=True, text=True, check=True
    ).stdout.split()
    return Judging(answer[0], int(answer[1]), float(answer[2]), float(answer[3]), int(answer[4]))


def _records(conversations: int, length: float, kept: int) -> Iterator[tuple[str, str]]:
    """(which file, line), in the order of time, for all conversations.

    `kept`: where the sessions' histories end, as a slice of their turns does.
    """
    queue: list[tuple[float, int, int]] = []
    gap = length / max(1, conversations)
    for index in range(conversations):
        start = index * gap
        while queue and queue[0][0] <= start:
            yield from _next(queue, kept)
        heappush(queue, (start, index, 0))
    while queue:
        yield from _next(queue, kept)


def _next(queue: list[tuple[float, int, int]], kept: int) -> Iterator[tuple[str, str]]:
    at, index, number = heappop(queue)
    ids = [f"c{index}t{n}" for n in range(TURNS_EACH)]
    if number < TURNS_EACH:
        yield "t", _turn(index, number, at, ids)
        last = number == TURNS_EACH - 1
        pause = _READ_AFTER_S if last else _thought(index, number)
        heappush(queue, (at + _took(index, number) + pause, index, number + 1))
        return
    if number == TURNS_EACH:
        yield "a", _audit(index, at, ids[:kept])
        yield "c", _conversation(index, at)
        if index % 10 == 0:
            heappush(queue, (at + _TTL + 2, index, number + 1))
        return
    yield "a", _gone(index, at)


def _took(index: int, number: int) -> float:
    return 0.15 + (index + number) % 17 / 100


def _thought(index: int, number: int) -> float:
    return 0.8 + (index * 7 + number) % 13 / 10


@cache
def _digest(text: str) -> str:
    return digest(text)


def _message(index: int, number: int) -> str:
    """As in our own journeys: hundreds of openings, dozens of follow-ups."""
    return _digest(f"opening {index % 440}" if number == 0 else f"more {(index + number) % 35}")


def _reply(index: int, number: int) -> str:
    return _digest(f"reply {index % 440} {number}")


def _turn(index: int, number: int, at: float, ids: list[str]) -> str:
    seen = chain(_message(index, n) for n in range(number + 1))
    turn_id = ids[number]
    return (
        f'{{"conversation":{index},"turn":{number},"turn_id":"{turn_id}",'
        f'"journey":"where_is_my_order","due":{at:.6f},"sent":{at + 0.0005:.6f},'
        f'"first_token":null,"done":{at + _took(index, number):.6f},"outcome":"ok","attempts":1,'
        f'"replica":"r{(index + number) % 12 + 1:02}","message":"{_message(index, number)}",'
        f'"reply":"{_reply(index, number)}","seen":[{number + 1},"{seen}"],"status":200}}\n'
    )


def _audit(index: int, at: float, ids: list[str]) -> str:
    items = ",".join(
        f'["{each}","message","{_message(index, n)}"],'
        f'["{each}","step","{digest("call")}"],["{each}","step","{digest("answer")}"],'
        f'["{each}","reply","{_reply(index, n)}"]'
        for n, each in enumerate(ids)
    )
    return (
        f'{{"conversation":{index},"at":{at:.6f},"done":{at + 0.01:.6f},"when":"end",'
        f'"status":"found","user":"customer-0123456789ab-{index}","history":[{items}],'
        f'"replica":"r{index % 12 + 1:02}"}}\n'
    )


def _gone(index: int, at: float) -> str:
    return (
        f'{{"conversation":{index},"at":{at:.6f},"done":{at + 0.01:.6f},"when":"expired",'
        f'"status":"gone","user":null,"history":[],"replica":"r{index % 12 + 1:02}"}}\n'
    )


def _conversation(index: int, at: float) -> str:
    numbers = range(TURNS_EACH)
    start = at - _READ_AFTER_S - sum(_took(index, number) for number in numbers)
    start -= sum(_thought(index, number) for number in numbers[:-1])
    return (
        f'{{"conversation":{index},"journey":"where_is_my_order",'
        f'"user":"customer-0123456789ab-{index}","session":"chat-0123456789ab-{index}",'
        f'"due":{start - 0.001:.6f},"started":{start - 0.0005:.6f},"opened":{start:.6f},'
        f'"ended":{at:.6f},"fate":"offered","turns_planned":{TURNS_EACH}}}\n'
    )


def _run_json() -> dict[str, object]:
    slo = {"steady_p99_s": 2.0, "fault_p99_s": 12.0, "recovery_s": 15.0, "error_rate": 0.001}
    slo |= {"max_outage_s": 15.0, "generator_lag_p99_s": 0.25, "memory_slack": 1.5}
    return {
        "schema_version": 1,
        "run_id": "0123456789ab",
        "origin": 1793500000.0,
        "seed": 1,
        "app": "shopmax",
        "target": "http://127.0.0.1:8000",
        # Nobody in it comes back late: it says so.
        "profile": {"name": "bench", "slo": slo, "conversation": {"sliding_ttl_customers": 0}},
        "ttl_seconds": _TTL,
        "compression": 240.0,
        "sessions": "redis",
        "experiment": {
            "title": "bench",
            "path": "bench.yaml",
            "planned": [f"kill-replica-{n}" for n in range(1, 5)],
        },
        "topology": {
            "replicas": 12,
            "redis": "single",
            "aof": "everysec",
            "durability": "aof-everysec",
        },
        "environment": {"python": "3", "cores": 2, "redis_server": None, "model": "scripted"},
    }


def main() -> int:
    """Print one line for each size, sound and not; 1 when a million take too long or too much, or
    a verdict is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.judge", description=__doc__)
    parser.add_argument("turns", nargs="*", type=int, default=[250_000, 1_000_000])
    args = parser.parse_args()
    kept = True
    print(f"{'turns':>10}{'seconds':>9}{'CPU s':>8}{'µs a turn':>11}{'peak RSS':>10}  verdict")
    for turns, sound in product(args.turns, (True, False)):
        with tempfile.TemporaryDirectory(prefix="diya-bench-judge-") as scratch:
            run_dir = Path(scratch) / "run"
            write_run(run_dir, turns, sound=sound)
            judging = measure(run_dir)
        print(
            f"{judging.acknowledged:>10,}{judging.seconds:>9.1f}{judging.cpu_seconds:>8.1f}"
            f"{judging.cpu_seconds / turns * 1e6:>11.1f}{judging.rss_bytes / 1e6:>7.0f} MB"
            f"  {judging.verdict}",
            flush=True,
        )
        kept &= judging.verdict == ("GO" if sound else "NO-GO")
        if turns == _JUDGED_AT:
            # CPU seconds, because a busy machine makes it wait.
            kept &= judging.cpu_seconds <= _MOST_S and judging.rss_bytes <= _MOST_BYTES
    limits = f"{_MOST_S:g} s and {_MOST_BYTES / 1e9:g} GB a million, GO when sound and else NO-GO"
    print(f"{'kept' if kept else 'MISSED'}: {limits}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
