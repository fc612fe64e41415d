"""A rolling restart under load: nobody notices.

`make prove-rolling` runs the same with the whole fleet of the sale.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter
from pathlib import Path

import pytest

from chaos.fleet.process_fleet import ProcessFleet
from tests.target_service.customers import Crowd, percentile

pytestmark = [pytest.mark.service, pytest.mark.slow]

REPLICAS = int(os.environ.get("DIYA_PROVE_REPLICAS", "3"))
CUSTOMERS = int(os.environ.get("DIYA_PROVE_CUSTOMERS", "10"))
THINK_S = 0.3


def restart_each(fleet: ProcessFleet) -> list[int | None]:
    """Drain and start again one replica after the other; how each old process ended."""
    ended = []
    for replica in fleet.replicas.values():
        replica.terminate(30)
        ended.append(replica.exit_code)
        replica.start()
        replica.wait_ready()
        fleet.wait_balanced()
    return ended


async def under_load(fleet: ProcessFleet) -> tuple[Crowd, list[int | None], list[str]]:
    """All attempts, the exit codes of the replicas, and the violations in the histories."""
    over = asyncio.Event()
    async with Crowd(fleet.url) as crowd:
        users = [f"customer-{number}" for number in range(CUSTOMERS)]
        talks = [asyncio.create_task(crowd.converse(user, THINK_S, over.is_set)) for user in users]
        ended = await asyncio.to_thread(restart_each, fleet)
        over.set()
        wrong = []
        for user, talk in zip(users, talks, strict=True):
            sent = await talk
            stored = await crowd.turn_ids(user, "s")
            if stored != sent:
                wrong.append(f"{user}: {stored} instead of {sent}")
    return crowd, ended, wrong


def test_no_turn_fails_while_every_replica_is_restarted(tmp_path: Path) -> None:
    run_id = uuid.uuid4().hex[:12]
    quick = {"DIYA_MODEL_TTFT_MS": "100"}
    with ProcessFleet(
        tmp_path, run_id, replicas=REPLICAS, redis="bundled", extra_env=quick
    ) as fleet:
        fleet.start()
        fleet.wait_ready()
        crowd, ended, wrong = asyncio.run(under_load(fleet))
    took = [attempt.took for attempt in crowd.attempts if attempt.what != "create"]
    failed = Counter(
        f"{attempt.what} {attempt.status} {attempt.error}".strip()
        for attempt in crowd.attempts
        if not attempt.ok
    )
    print(
        f"\nrolling restart of {REPLICAS} replicas: {len(took)} turns of {CUSTOMERS} customers, "
        f"{failed.total()} failed; p50 {percentile(took, 0.5):.2f} s, "
        f"p99 {percentile(took, 0.99):.2f} s, longest {max(took):.2f} s"
    )
    assert ended == [0] * REPLICAS
    assert failed == {}
    assert wrong == []
    assert len(took) > 20 * REPLICAS  # enough that somebody would have noticed
