"""The Redis of a target: only read, and asked before the load whether it can be."""

from __future__ import annotations

from chaos.fleet.redis_external import ExternalRedis
from harness.run.plan import Plan

_KINDS = ("auto", "bundled", "system")
"""Values of `--redis` for the fleets that diya starts; they say nothing about a target."""


def check(plan: Plan) -> None:
    """Raise ChaosConfigError unless the target's Redis, if one is named, answers.

    Without this a mistyped address would leave memory unseen, and the run could still say GO.
    """
    if plan.redis in _KINDS:
        return
    ExternalRedis(plan.redis, authorised=plan.authorised).wait_ready()
