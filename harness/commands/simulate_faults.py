"""The faults on the command line of `diya simulate`."""

from __future__ import annotations

import argparse
import math

from harness.errors import ConfigError
from loadtests.simulation.faults import Fault, KillReplica, RestartRedis, SlowModel, SlowRedis


def faults_of(args: argparse.Namespace, replicas: int, load_s: float) -> list[Fault]:
    """The planned faults, in order.  Raises ConfigError for one that cannot be planned."""
    found: list[Fault] = []
    for text in args.kill:
        values = _numbers("--kill", text, "AT[:N]", 1, 2)
        which = values[1] if len(values) > 1 else 1.0
        if not which.is_integer() or not 1 <= which <= replicas:
            raise ConfigError(f"--kill {text}: N must be a replica from 1 to {replicas}")
        found.append(KillReplica(values[0], int(which) - 1))
    for text in args.restart_redis:
        found.append(RestartRedis(*_numbers("--restart-redis", text, "AT:SECONDS", 2, 2)))
    for text in args.slow_model:
        found.append(SlowModel(*_numbers("--slow-model", text, "AT:SECONDS:FACTOR", 3, 3)))
    for text in args.slow_redis:
        found.append(SlowRedis(*_numbers("--slow-redis", text, "AT:SECONDS:FACTOR", 3, 3)))
    for fault in found:
        if fault.at >= load_s:
            raise ConfigError(
                f"--{_OPTIONS[fault.kind]} at {fault.at:g} s: must begin before the end of the "
                f"load, at {load_s:g} s"
            )
    return sorted(found, key=lambda fault: fault.at)


_OPTIONS = {
    KillReplica.kind: "kill",
    RestartRedis.kind: "restart-redis",
    SlowModel.kind: "slow-model",
    SlowRedis.kind: "slow-redis",
}


def _numbers(option: str, text: str, form: str, fewest: int, most: int) -> list[float]:
    """The numbers between colons, each above 0.  Raises ConfigError."""
    try:
        values = [float(part) for part in text.split(":")]
    except ValueError:
        values = []
    if not fewest <= len(values) <= most or not all(0 < v < math.inf for v in values):
        raise ConfigError(f"{option} {text}: must be {form}, numbers above 0")
    return values
