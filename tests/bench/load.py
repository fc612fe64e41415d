"""What the load generator costs and whether its numbers hold: `make bench-load`.

Every figure is taken from processes of their own on this machine, ratios within one run.  The
server is a bare asyncio protocol: it must never be what is measured.
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

from tests.bench import load_side

ROUNDS = 2
STALL_S = 2.0


def side(mode: str, *arguments: str) -> dict[str, Any]:
    """What one measuring process found."""
    command = [sys.executable, "-m", "tests.bench.load_side", mode, *arguments]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return result


def verdict(what: str, value: str, kept: bool) -> bool:
    """Print one line; whether the limit was kept."""
    print(f"{'✓' if kept else '✗'} {what:<58} {value}", flush=True)
    return kept


def efficiency(url: str) -> bool:
    """Requests per CPU second, ours over plain FastHttpUser's."""
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(side("ours", url)["per_cpu_second"])
        plain.append(side("plain", url)["per_cpu_second"])
    ratio = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
    value = f"{ratio:.2f}× ({statistics.median(ours):,.0f} and {statistics.median(plain):,.0f})"
    kept = verdict("requests per CPU second, plain FastHttpUser's (≥ 0.95×)", value, ratio >= 0.95)
    if wrk := shutil.which("wrk"):
        print(subprocess.run([wrk, "-t1", "-c50", "-d5", url], stdout=subprocess.PIPE).stdout)
    return kept


def stall(url: str, server: subprocess.Popen[str]) -> bool:
    """A server that stands still for 2 s, seen by an open and by a closed loop."""
    seen = {}
    for mode in ("open", "closed"):
        command = [sys.executable, "-m", "tests.bench.load_side", mode, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as loop:
            assert loop.stdout is not None
            assert loop.stdout.readline() == "begun\n"
            time.sleep(5.0)
            server.send_signal(signal.SIGSTOP)
            time.sleep(STALL_S)
            server.send_signal(signal.SIGCONT)
            seen[mode] = json.loads(loop.stdout.read().splitlines()[-1])["p95"]
    # Of arrivals spread evenly over T seconds, 5 % lie in the first T/20 of the stall.
    analytic = STALL_S - load_side.STALL_RUN_S / 20
    value = f"{seen['open']:.3f} s of {analytic:.3f} s; a closed loop: {seen['closed']:.3f} s"
    return verdict("p95 over a stall of 2 s at 100 turns/s (within 5 %)", value,
                   abs(seen["open"] / analytic - 1) <= 0.05)  # fmt: skip


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
            kept.append(stall(url, server))
        finally:
            server.kill()
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
