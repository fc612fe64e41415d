"""Reads sessions back through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from loadtests.adk.artifacts import Saved, saved
from loadtests.adk.attempt import Attempt, Door
from loadtests.adk.event_names import in_camel_case
from loadtests.adk.events import history
from loadtests.adk.json_codec import not_json, parsed
from loadtests.adk.shown import digests_of_state
from loadtests.arrivals.conversation import ConversationPlan, turn_id
from loadtests.customers.artifacts import read_artifacts
from loadtests.customers.likeness import Replies, compared
from loadtests.customers.retry import Deadline, RetryState, Tries, ask_with_retries
from loadtests.profiles.model import Conversation
from reports.records import AuditRecord, HistoryItem, Likeness, Outcome, RunClock

Artifacts = dict[Saved, None]
"""A set of artifacts that keeps their order."""


def read_back(
    service: Door,
    plan: ConversationPlan,
    limits: Conversation,
    clock: RunClock,
    when: str,
    artifacts: Artifacts | None = None,
    replies: Replies | None = None,
) -> AuditRecord:
    """Read one session, with retries up to a turn's deadline; `when` is `end` or `expired`.

    `artifacts` are those that earlier reads named.  They are read too, with those that this read
    names, and the latter are added; None: no artifact is read.  `replies` are those that the
    customer got; None: they are not known.
    """
    tries = Tries()
    asked = sent_at = clock.now()

    def ask(timeout: float) -> Attempt:
        nonlocal sent_at
        sent_at = clock.now()
        return service.read_session(plan, timeout)

    retry_state = RetryState(plan.seed, "audit", when)
    ask_with_retries(tries, ask, limits, retry_state, Deadline(limits.deadline_s))
    done = clock.now()
    status, error = "unknown", tries.error
    user: str | None = None
    items: tuple[HistoryItem, ...] = ()
    named: tuple[Saved, ...] = ()
    likeness: tuple[Likeness, ...] | None = None
    state: dict[str, str] | None = None
    answer = tries.last.answer if tries.last else None
    if tries.last is not None and tries.last.missing:
        status, error = "gone", None
    elif answer is not None and tries.outcome is Outcome.OK:
        try:
            user, items, state, named, events = _contents(answer.body)
            status, error = "found", None
            if replies is not None:
                ids = [turn_id(plan.index, number) for number in range(len(plan.messages))]
                likeness = compared(items, events, plan.messages, replies, ids)
        except ValueError as problem:
            error = str(problem)
    if artifacts is not None:
        artifacts.update(dict.fromkeys(named))
    return AuditRecord(
        conversation=plan.index,
        at=sent_at,
        done=done,
        when=when,
        status=status,
        user=user,
        history=items,
        replica=answer.replica if answer else None,
        error=error,
        state=state,
        asked=asked if tries.attempts > 1 else None,
        artifacts=read_artifacts(service, plan, limits, artifacts) if artifacts else None,
        likeness=likeness,
    )


def shows_a_half(audit: AuditRecord, turns: Collection[str]) -> bool:
    """Whether the session holds a message without its reply, of one of these turns or of an
    unknown turn."""
    if not turns:
        return False
    open_messages = Counter[str | None]()
    for item in audit.history:
        if item.turn_id is None or item.turn_id in turns:
            open_messages[item.turn_id] += (item.kind == "message") - (item.kind == "reply")
    return any(count > 0 for count in open_messages.values())


def _contents(
    body: bytes,
) -> tuple[
    str | None, tuple[HistoryItem, ...], dict[str, str] | None, tuple[Saved, ...], list[Any]
]:
    """The owner, the history, the state, the artifacts and the events of a session.

    Raises ValueError for anything else.
    """
    try:
        session = parsed(body)
    except ValueError:
        raise ValueError(not_json("the session", body)) from None
    events = session.get("events") if isinstance(session, dict) else None
    if not isinstance(events, list):
        raise ValueError("the session holds no list of events")
    user = session.get("userId", session.get("user_id"))
    state = digests_of_state(session["state"]) if "state" in session else None
    events = [in_camel_case(event) for event in events]
    owner = user if isinstance(user, str) else None
    return owner, history(events), state, saved(events), events
