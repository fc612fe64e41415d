"""`make prove-heals`: the harness is ended in every phase of a fault at a target, 50 times.

Each time a real `diya readiness` breaks a real service by an experiment file and is ended at a
random moment of one phase: by SIGKILL, by Ctrl-C, or by the loss of its terminal.  The service must
be back and the rollback played within 10 s, and nothing of the run may be left.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import httpx
import yaml

from chaos.fleet.ports import free_port
from tests.harness import breakable, command
from tests.target_service.processes import wait_until

PHASES = ("before", "inject", "hold", "heal")
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGHUP)
LIMIT_S = 10.0
STEP_S = 0.5
"""Breaking and mending take this long before and after they have their effect."""
_LASTS_S = 1.5
_BEGINS_S = 60.0


def service(folder: Path) -> str:
    """A small server that `breakable` keeps in a new folder; its address."""
    folder.mkdir(parents=True)
    port = free_port()
    code = (
        "import http.server, sys;"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])),"
        " http.server.SimpleHTTPRequestHandler).serve_forever()"
    )
    words = [sys.executable, "-c", code, str(port)]
    (folder / "command.json").write_text(json.dumps(words))
    breakable.do("start", folder)
    return f"http://127.0.0.1:{port}/"


def answers(url: str) -> bool:
    """Whether it answers now."""
    try:
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def ended_in(
    phase: str,
    number: signal.Signals,
    delay_s: float,
    folder: Path,
    *,
    within_s: float = LIMIT_S,
) -> float:
    """Seconds from the signal, `delay_s` after the phase began, until the service is back.

    Raises AssertionError when it is not back within `within_s`, or something of the run is left.
    """
    kept = folder / "service"
    url = service(kept)
    try:
        wait_until(lambda: answers(url), _BEGINS_S, "the service answers")
        document = breakable.experiment(kept, url, lasts_s=_LASTS_S)
        document["method"][0]["pauses"] = {"before": 0.3}
        rolled_back = folder / "rolled-back"
        touch = {"type": "process", "path": "touch", "arguments": [str(rolled_back)]}
        document["rollbacks"] = [{"type": "action", "name": "a note is left", "provider": touch}]
        (folder / "experiment.yaml").write_text(yaml.safe_dump(document))
        with mock.patch.dict(os.environ, {breakable.STEP_S: str(STEP_S)}):
            harness = _harness(folder, url)
        try:
            wait_until(_begun(phase, kept), _BEGINS_S, f"the phase {phase} begins")
            time.sleep(delay_s)
            assert harness.poll() is None
            run_id = json.loads(next(folder.glob("out/*/run.json")).read_text())["run_id"]
            harness.send_signal(number)
            ended = time.monotonic()
            wait_until(
                lambda: command.nothing_left(run_id) and answers(url) and rolled_back.exists(),
                within_s,
                f"back and rolled back after {number.name} in {phase}, {delay_s:.2f} s",
            )
            return time.monotonic() - ended
        finally:
            harness.kill()
            harness.communicate()
    finally:
        breakable.do("stop", kept)


def _harness(folder: Path, url: str) -> subprocess.Popen[str]:
    # Under nohup the signal is ignored, and would be in the harness too.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        return command.start(
            *("readiness", "--profile", str(command.HERE / "tiny.toml"), "--no-rehearsal"),
            *("--target", url.rstrip("/"), "--break-target"),
            *("--experiment", str(folder / "experiment.yaml"), "--out", str(folder / "out")),
        )
    finally:
        signal.signal(signal.SIGHUP, before)


def _begun(phase: str, folder: Path) -> Callable[[], bool]:
    """Whether a phase has begun, by the journal of what was done to the service."""

    def begun() -> bool:
        _, started, done = (folder / "journal").read_text().partition("started\n")
        assert started
        match phase:
            case "before":
                return "asked" in done
            case "inject":
                return "kill begins" in done
            case "hold":
                return "asked" in done.partition("killed\n")[2]
            case _:
                return "start begins" in done

    return begun


def main() -> int:
    """Print a line for each phase and signal; 1 when the service was not back once."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m tests.prove.heals", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    cycle = itertools.cycle(itertools.product(PHASES, SIGNALS))
    took: list[float] = []
    failed = 0
    for index, (phase, number) in enumerate(itertools.islice(cycle, given.times), 1):
        # The two steps of breaking and mending, and the time in between, are longer than this.
        delay_s = rng.uniform(0.0, 2 * STEP_S)
        with tempfile.TemporaryDirectory() as folder:
            try:
                took.append(ended_in(phase, number, delay_s, Path(folder)))
                told = f"back {took[-1]:.2f} s later"
            except AssertionError as error:
                failed += 1
                told = f"NOT BACK: {error}"
        print(f"{index:3} {phase:7} {number.name:8} +{delay_s:.2f} s  {told}", flush=True)
    longest = max(took, default=0.0)
    print(f"{len(took)} of {given.times} back, the longest after {longest:.2f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
