"""Reads the artifacts of a session back through the API."""

from __future__ import annotations

from collections.abc import Iterable

from loadtests.adk.artifacts import Saved
from loadtests.adk.attempt import Attempt, Door
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.customers.retry import Deadline, RetryState, Tries, ask_with_retries
from loadtests.profiles.model import Conversation
from reports.records import ArtifactItem, Outcome, digest

MOST = 50
"""The most artifacts that are read of one session, the latest ones."""


def read_artifacts(
    service: Door, plan: ConversationPlan, limits: Conversation, wanted: Iterable[Saved]
) -> tuple[ArtifactItem, ...]:
    """Read each artifact, with retries up to a turn's deadline for all of them together."""
    deadline = Deadline(limits.deadline_s)
    return tuple(_read(service, plan, limits, each, deadline) for each in list(wanted)[-MOST:])


def _read(
    service: Door,
    plan: ConversationPlan,
    limits: Conversation,
    artifact: Saved,
    deadline: Deadline,
) -> ArtifactItem:
    tries = Tries()

    def ask(timeout: float) -> Attempt:
        return service.read_artifact(plan, artifact, timeout)

    ask_with_retries(tries, ask, limits, RetryState(plan.seed, "artifact"), deadline)
    found, content = None, None
    if tries.last is not None and tries.last.missing:
        found = False
    elif tries.last is not None and tries.outcome is Outcome.OK:
        found = True
        content = digest(tries.last.answer.body.decode(errors="replace"))
    return ArtifactItem(
        turn_id=artifact.turn_id,
        name=digest(artifact.name),
        version=artifact.version,
        found=found,
        content=content,
    )
