"""The cost of the load generator and the accuracy of its numbers: `make bench-load`.

Every figure is taken from processes of their own on this machine, ratios within one run.  The
server is a bare asyncio protocol, fast enough never to be the bottleneck.
"""

from __future__ import annotations

import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import load_lag, load_waiting, load_wrk

ROUNDS = 3
SLICE_S = 0.25
FEW_TURNS, MANY_TURNS = 100_000, 1_000_000
"""Ten million take minutes: `python -m tests.bench.load_records 10000000`."""


def side(mode: str, *arguments: str) -> dict[str, Any]:
    """The result of one measuring process."""
    command = [sys.executable, "-m", "tests.bench.load_side", mode, *arguments]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return result


def verdict(what: str, value: str, kept: bool) -> bool:
    """Print one line; whether the limit was kept."""
    print(f"{'✓' if kept else '✗'} {what:<58} {value}", flush=True)
    return kept


def _in_turns(url: str, *modes: str) -> list[dict[str, Any]]:
    """The results of measuring processes that ran in turns, a moment each."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load_side", mode, url],
            stdout=subprocess.PIPE,
            text=True,
        )
        for mode in modes
    ]
    try:
        while all(process.poll() is None for process in processes):
            for running in processes:
                for process in processes:
                    process.send_signal(signal.SIGCONT if process is running else signal.SIGSTOP)
                time.sleep(SLICE_S)
        for process in processes:
            process.send_signal(signal.SIGCONT)
        return [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def efficiency(url: str) -> bool:
    """Requests per CPU second, ours over plain FastHttpUser's."""
    rounds = [_in_turns(url, "ours", "plain") for _ in range(ROUNDS)]
    ours, plain = (
        [found["per_cpu_second"] for found in each] for each in zip(*rounds, strict=True)
    )
    ratios = [a / b for a, b in zip(ours, plain, strict=True)]
    ratio = statistics.median(ratios)
    value = f"{ratio:.2f}× ({statistics.median(ours):,.0f} and {statistics.median(plain):,.0f}; "
    value += f"{min(ratios):.2f} to {max(ratios):.2f})"
    kept = verdict("requests per CPU second, plain FastHttpUser's (≥ 0.95×)", value, ratio >= 0.95)
    if wrk := shutil.which("wrk"):
        theirs = load_wrk.per_cpu_second(wrk, url)
        value = f"{statistics.median(ours) / theirs:.2f}× ({theirs:,.0f})"
        print(f"· {'the same, of wrk, which is C and keeps nothing':<58} {value}", flush=True)
    else:
        print("· wrk is not on PATH: not compared", flush=True)
    return kept


def waiting(url: str) -> bool:
    """The memory of a process whose customers are all thinking."""
    found = side("waiting", url)
    value = f"{found['megabytes']:.0f} MB with {found['open']:,} open "
    value += f"({found['before']:.0f} MB before; {found['connections']} connections)"
    kept = found["open"] >= load_waiting.CONVERSATIONS and found["megabytes"] <= 300
    return verdict("20,000 waiting conversations (≤ 300 MB)", value, kept)


def stall(url: str) -> bool:
    """A server that stands still for 2 s, seen by an open and by a closed loop."""
    seen, closed = side("open", url), side("closed", url)
    off = seen["p95"] / seen["analytic"] - 1
    value = f"{seen['p95']:.3f} s of {seen['analytic']:.3f} s, {off:+.1%} "
    value += f"({seen['stalled']} of {seen['turns']} turns in {seen['stall']:.3f} s)"
    value += f"; a closed loop: {closed['p95']:.3f} s"
    return verdict("p95 over a stall of 2 s at 100 turns/s (within 5 %)", value, abs(off) <= 0.05)


def lag(url: str, server: int) -> bool:
    """How late customers arrive at half of a core's capacity."""
    with load_lag.core_of_its_own(server) as core:
        found = side("lag", url, core)
    value = f"{found['p99'] * 1000:.1f} ms ({found['p99s'][0] * 1000:.1f} to "
    value += f"{found['p99s'][-1] * 1000:.1f}; p50 {found['p50'] * 1000:.1f}) "
    value += f"at {found['arrivals']:,.0f} of {found['capacity']:,.0f} arrivals/s"
    value += f"; used {found['cpu']:.0%} of a core, waited for it {found['waited']:.0%} of the time"
    value += "" if found["core"] else "; shared with the server"
    value += "" if found["priority"] else "; without priority, which needs root"
    kept = found["p99"] <= 0.005 and not found["not_played"]
    return verdict("arrival lag p99 at half of a core's capacity (≤ 5 ms)", value, kept)


def records() -> bool:
    """The memory of worker and master does not grow with the number of records."""
    found = []
    for turns in FEW_TURNS, MANY_TURNS:
        command = [sys.executable, "-m", "tests.bench.load_records", str(turns)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found.append(json.loads(output))
    few, many = found
    grown = max(many[who] / few[who] - 1 for who in ("worker", "master"))
    value = f"{grown:+.1%}: worker {many['worker']:.0f} MB, master {many['master']:.0f} MB "
    value += f"({many['turns']:,} turns in {many['seconds']:.0f} s, "
    value += f"{many['unaccounted']} arrivals unaccounted for)"
    kept = grown <= 0.10 and not many["unaccounted"]
    return verdict(f"memory of ten times {FEW_TURNS:,} turns' records (≤ +10 %)", value, kept)


def main() -> int:
    """Measure everything; 1 when a limit is broken."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load_side", "server"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path.cwd(),
        ) as server,
    ):
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        try:
            cost = side("recording", folder)
            value = f"{cost['microseconds']:.2f} µs, {cost['error']:.3%}"
            kept = [
                verdict(
                    "recording a value, and its error at p99.9 (≤ 1 µs, ≤ 0.1 %)",
                    value,
                    cost["microseconds"] <= 1 and cost["error"] <= 0.001,
                )
            ]
            kept.append(efficiency(url))
            kept.append(lag(url, server.pid))
            kept.append(stall(url))
            kept.append(waiting(url))
            kept.append(records())
        finally:
            server.kill()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
