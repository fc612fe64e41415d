"""Which faults of a run may have hit replicas."""

from __future__ import annotations

import pytest

from reports.measures.replica_faults import replica_faults
from reports.records import FaultWindow


@pytest.mark.parametrize(
    ("kind", "target", "said", "hits"),
    [
        ("process", "agent-0", None, True),
        ("process", "redis", None, False),
        ("process", "redis-agent-7f9c", True, True),  # the agent's own Deployment has that name
        ("process", "agent-cache", False, False),
        ("kill-replica", "redis-agent-7f9c", None, True),
    ],
)
def test_the_file_says_whether_replicas_are_hit_else_the_names_do(
    kind: str, target: str, said: bool | None, hits: bool
) -> None:
    fault = FaultWindow(f"{kind}-1", kind, target, 1.0, 2.0, 2.0, True, hits_replicas=said)

    class History:
        faults = (fault,)

    assert bool(replica_faults(History())) is hits  # type: ignore[arg-type]
