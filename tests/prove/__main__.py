"""`make prove-turns`: all proofs one after the other; the exit code is 1 when one does not hold."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.prove import redis_kills, replica_faults, script, writers
from tests.prove.outcome import Outcome, table
from tests.prove.proof_fleet import ProofFleet

_ADK_PATIENCE_S = 5.0
_REPLICA_FAULTS: tuple[tuple[replica_faults.Fault, str, int], ...] = (
    ("killed", "PROVE_REPLICA_KILLS", 500),
    ("frozen", "PROVE_REPLICA_FREEZES", 60),
)


def main() -> int:
    """Counts come from PROVE_REPLICA_KILLS, PROVE_REPLICA_FREEZES, PROVE_REDIS_KILLS,
    PROVE_WRITERS and PROVE_ROUNDS.
    """
    # As Ctrl-C does: replicas, Redis and the folder go on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    seed = _count("PROVE_SEED", random.randrange(1 << 32))
    print(f"seed {seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="prove-", ignore_cleanup_errors=True) as folder,
        ProofFleet(Path(folder)) as fleet,
    ):
        outcomes = _prove(fleet, seed)
    print(table(outcomes))
    return 0 if all(each.holds or each.shown_only for each in outcomes) else 1


def _prove(fleet: ProofFleet, seed: int) -> list[Outcome]:
    start = time.monotonic()
    info = fleet.redis.info
    print(f"{info.name} {info.version}", flush=True)
    replicas = fleet.open_all("abcd")
    references = script.references(replicas, random.Random(seed))
    count, rounds = _count("PROVE_WRITERS", 32), _count("PROVE_ROUNDS", 6)
    outcomes = [writers.prove(f"{count} writers, ours", replicas, count, rounds, seed)]
    beside = fleet.open_all("wxyz", DIYA_SESSIONS="adk-redis")
    outcomes.append(
        writers.prove(
            f"{count} writers, ADK Redis",
            beside,
            count,
            rounds,
            seed,
            patience_s=_ADK_PATIENCE_S,
            shown_only=True,
        )
    )
    for replica in beside:
        replica.close()
    kills = _count("PROVE_REDIS_KILLS", 200)
    outcomes.append(redis_kills.prove(fleet, replicas, references, kills, seed, durability="aof"))
    _tell(outcomes[-1], start)
    fleet.flush("always")
    flushed = fleet.open_all("klmn", DIYA_DURABILITY="fsync")
    outcomes.append(redis_kills.prove(fleet, flushed, references, kills, seed, durability="fsync"))
    _tell(outcomes[-1], start)
    for replica in flushed:
        replica.close()
    fleet.flush("everysec")
    for fault, variable, default in _REPLICA_FAULTS:
        count = _count(variable, default)
        outcomes.append(replica_faults.prove(fleet, replicas, references, fault, count, seed))
        _tell(outcomes[-1], start)
    return outcomes


def _tell(outcome: Outcome, start: float) -> None:
    print(f"{outcome.name}: done after {time.monotonic() - start:.0f} s", flush=True)


def _count(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not text.isdigit():
        sys.exit(f"{variable} must be a whole number, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
