"""The A2A door: a conversation is a context, a turn is a task, and tasks are read back.

A2A shows tasks and not the agent's session.  A task that is read back proves that the agent's task
store kept the turn; whether the model was shown it, only the model can tell.

The client chooses the context's id unless the agent refuses it.  No request opens or deletes a
context.  An agent whose finished tasks cannot be asked for cannot be read back: it keeps none, or
another replica keeps them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from loadtests.adk.artifacts import Saved
from loadtests.adk.attempt import Attempt, Observer, judged
from loadtests.adk.client import Answer, Client
from loadtests.adk.json_codec import parsed, to_bytes
from loadtests.adk.requests import Requests
from loadtests.arrivals.conversation import ConversationPlan
from loadtests.doors import a2a_card, a2a_wire
from loadtests.doors.a2a_card import Card
from loadtests.doors.a2a_wire import NEW, OLD, ResultStream, RpcError, Spelling, TaskState
from reports.records import NOT_SHOWN, Outcome, RunClock

_ASIDE_S = 3.0
"""Time limit of a request that no customer makes."""
_LOOK_S = 0.2
"""Seconds between two looks at a task that the agent did not wait for."""
_PROOFS = 8
"""This many finished tasks must be found before a missing one counts as lost."""
_NOBODY = frozenset({502, 503, 504})
"""The answers of a balancer for an agent that is away."""


@dataclass(slots=True)
class Learned:
    """The facts about the agent that the doors of one process share."""

    spelling: Spelling | None = None
    """The version that the agent accepts; None: not known yet."""
    first: Spelling = OLD
    """The version to try first."""
    card_read: bool = False
    path: str = ""
    """The path of the calls below the target's."""
    streams: bool = True
    own_ids: bool = True
    """Whether the agent accepts the client's ids of contexts."""
    found: int = 0
    """Finished tasks that were asked for and found."""
    unreadable: str | None = None
    """Why tasks cannot be read back."""
    recent: str | None = None
    """A finished task."""
    recent_at: float = 0.0
    """When it ended, on the run's clock."""
    away_at: float = -1.0
    """When the agent last gave no answer of its own, on the run's clock."""
    talks: dict[str, Talk] = field(default_factory=dict)
    """Session → its context."""


@dataclass(slots=True)
class Talk:
    """One conversation."""

    context: str | None
    tasks: dict[str, None] = field(default_factory=dict)
    """The ids of its tasks, in order."""
    waiting: str | None = None
    """The task that waits for the customer."""


class A2A(Requests):
    """An agent behind A2A's JSON-RPC over HTTP: the door `a2a`."""

    deletes = False

    def __init__(
        self, client: Client, clock: RunClock, observe: Observer, target: str, learned: Learned
    ) -> None:
        super().__init__(client, clock, observe)
        self._target = urlsplit(target)
        self._learned = learned

    def open_session(self, plan: ConversationPlan, timeout: float, *, maybe_open: bool) -> Attempt:
        """As `Door.open_session`: the context begins with its first message, so nothing is sent
        for it; the agent's card is read once, and a finished task is asked for until it is known
        whether tasks can be read back."""
        if not self._learned.card_read:
            self._read_card(min(timeout, _ASIDE_S))
        self._prove(timeout)
        return Attempt(Outcome.OK, Answer(sent=True, complete=True), session=plan.session)

    def run_turn(
        self,
        plan: ConversationPlan,
        message: str,
        turn_id: str,
        timeout: float,
        confirms: tuple[str, ...] = (),
    ) -> Attempt:
        """As `Door.run_turn`."""
        until = self._clock.now() + timeout
        talk = self._talk(plan)
        streams = plan.streaming and self._learned.streams
        run = self._streamed if streams else self._whole
        for spelling in self._spellings():
            params = spelling.message(
                message,
                name=f"{plan.session}:{turn_id}",
                turn_id=turn_id,
                context=talk.context,
                task=talk.waiting if confirms else None,
                confirms=confirms,
            )
            attempt, task, error = run(plan.journey, spelling, params, timeout)
            if error is None or error.code not in a2a_wire.NO_METHOD:
                break
        if error is None and task.state is not None:
            self._learned.spelling = spelling
        elif error is not None and self._refuses_context(talk, error):
            return self.run_turn(plan, message, turn_id, max(0.0, until - self._clock.now()))
        self._keep(talk, task)
        if attempt.outcome is Outcome.OK and not task.over and task.id is not None:
            attempt, task = self._waited(spelling, attempt, task, until)
        if attempt.outcome is Outcome.OK:
            attempt = _ended(attempt, task)
        if attempt.outcome is Outcome.OK:
            talk.waiting = task.id if task.state == "input-required" else None
            if task.id is not None:
                self._learned.recent, self._learned.recent_at = task.id, self._clock.now()
        return attempt

    def read_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """As `Door.read_session`: every task of the context, in order."""
        self._prove(timeout)
        talk = self._talk(plan)
        if self._learned.unreadable is not None:
            return _unknown(f"{NOT_SHOWN}{self._learned.unreadable}")
        until = self._clock.now() + timeout
        events: list[dict[str, Any]] = []
        owners, found = {talk.context}, 0
        for id in talk.tasks:
            attempt, task = self._get(id, until - self._clock.now(), "audit")
            if attempt.outcome is not Outcome.OK and not attempt.missing:
                return attempt
            if task is not None:
                found += 1
                owners.add(task.context or talk.context)
                events += task.events() if task.answered else []
        if talk.tasks and not found:
            return replace(attempt, outcome=Outcome.FAIL, retry=False, missing=True)
        owner = plan.user if len(owners) == 1 else f"contexts {', '.join(map(str, owners))}"
        answer = attempt.answer if talk.tasks else Answer(sent=True, complete=True)
        answer.body = to_bytes({"id": plan.session, "userId": owner, "events": events})
        return Attempt(Outcome.OK, answer)

    def read_artifact(self, plan: ConversationPlan, artifact: Saved, timeout: float) -> Attempt:
        """Nothing: the tasks that are read back name no artifact of a session."""
        return _unknown(f"{NOT_SHOWN}it shows no artifacts of a session")

    def delete_session(self, plan: ConversationPlan, timeout: float) -> Attempt:
        """Nothing: A2A deletes no context."""
        return Attempt(Outcome.OK, Answer(sent=True, complete=True))

    def _talk(self, plan: ConversationPlan) -> Talk:
        talk = self._learned.talks.get(plan.session)
        if talk is None:
            talk = Talk(plan.session if self._learned.own_ids else None)
            self._learned.talks[plan.session] = talk
        return talk

    def _spellings(self) -> list[Spelling]:
        known = self._learned.spelling
        if known is not None:
            return [known]
        return [self._learned.first, OLD if self._learned.first is NEW else NEW]

    def _refuses_context(self, talk: Talk, error: RpcError) -> bool:
        """Whether the agent makes the ids of contexts itself; then the next attempt sends none."""
        if error.code not in a2a_wire.REFUSED or "context" not in error.message.lower():
            return False
        if talk.tasks or talk.context is None:
            return False
        self._learned.own_ids, talk.context = False, None
        return True

    def _keep(self, talk: Talk, task: TaskState) -> None:
        if task.id is not None:
            talk.tasks[task.id] = None
        if task.context is not None:
            talk.context = task.context

    def _whole(
        self, journey: str, spelling: Spelling, params: dict[str, Any], timeout: float
    ) -> tuple[Attempt, TaskState, RpcError | None]:
        answer, seconds = self._call(spelling, spelling.send, params, timeout)
        attempt, task, error = _judged(answer), TaskState(), None
        if attempt.outcome is Outcome.OK:
            attempt, task, error = _read(attempt, lambda: a2a_wire.task_in(answer.body))
        self._report(f"{journey} {spelling.send}", seconds, attempt)
        return attempt, task, error

    def _streamed(
        self, journey: str, spelling: Spelling, params: dict[str, Any], timeout: float
    ) -> tuple[Attempt, TaskState, RpcError | None]:
        stream = ResultStream()
        first_token: float | None = None

        def on_line(line: bytes) -> None:
            nonlocal first_token
            stream.feed(line)
            if first_token is None and stream.has_text:
                first_token = self._clock.now()

        def whole() -> TaskState:
            stream.end()
            if not stream.task.over:
                raise ValueError("the stream ends before the task does")
            return stream.task

        answer, seconds = self._call(spelling, spelling.stream, params, timeout, on_line)
        attempt, task, error = _judged(answer), stream.task, None
        if attempt.outcome is Outcome.OK:
            attempt, _, error = _read(attempt, whole)
            attempt = replace(attempt, first_token=first_token)
        self._report(f"{journey} {spelling.stream}", seconds, attempt)
        return attempt, task, error

    def _waited(
        self, spelling: Spelling, attempt: Attempt, task: TaskState, until: float
    ) -> tuple[Attempt, TaskState]:
        """The end of a task for which the agent did not wait."""
        assert task.id is not None
        while not task.over:
            left = until - self._clock.now()
            if left <= _LOOK_S:
                error = "the task had not ended in time"
                return replace(attempt, outcome=Outcome.INFO, error=error), task
            time.sleep(_LOOK_S)
            attempt, found = self._get(task.id, left - _LOOK_S, spelling.get)
            if found is None:
                return replace(attempt, outcome=Outcome.INFO, missing=False), task
            task = found
        return attempt, task

    def _get(self, id: str, timeout: float, name: str) -> tuple[Attempt, TaskState | None]:
        """A task; a missing one is a FAIL that is `missing`."""
        spelling = self._spellings()[0]
        answer, seconds = self._call(spelling, spelling.get, spelling.task(id), max(0.1, timeout))
        attempt, task = _judged(answer), None
        if attempt.outcome is Outcome.OK:
            attempt, found, error = _read(attempt, lambda: a2a_wire.task_in(answer.body))
            if attempt.outcome is Outcome.OK:
                task = found
            elif error is not None and error.code == a2a_wire.TASK_NOT_FOUND:
                attempt = replace(attempt, missing=True)
        self._report(name, seconds, attempt)
        return attempt, task

    def _prove(self, timeout: float) -> None:
        """Ask for a finished task, until it is known whether tasks can be read back."""
        learned = self._learned
        if learned.found >= _PROOFS or learned.unreadable is not None or learned.recent is None:
            return
        attempt, task = self._get(learned.recent, min(timeout, _ASIDE_S), "finished task")
        if task is None:
            if attempt.missing and learned.away_at >= learned.recent_at:
                learned.recent = None  # lost with its process, perhaps; the next one tells
            elif attempt.outcome is Outcome.FAIL and (attempt.missing or not attempt.retry):
                learned.unreadable = f"a task that had just ended was not found ({attempt.error})"
        elif not task.events():
            learned.unreadable = "its tasks hold no history of messages"
        else:
            learned.found += 1

    def _read_card(self, timeout: float) -> None:
        """Learn the version and the path from the agent's card, if it shows one."""
        for path in a2a_card.PATHS:
            answer, seconds = self._timed("GET", path, None, timeout)
            attempt = judged(answer)
            self._report("agent card", seconds, attempt)
            if answer.status is None:
                return  # no connection: the next conversation asks again
            if attempt.outcome is Outcome.OK and (card := self._card_in(answer.body)) is not None:
                self._learned.first = NEW if card.newer else OLD
                self._learned.streams, self._learned.path = card.streams, card.path
                break
        self._learned.card_read = True

    def _card_in(self, body: bytes) -> Card | None:
        try:
            return a2a_card.read(parsed(body), self._target)
        except ValueError:
            return None

    def _call(
        self,
        spelling: Spelling,
        method: str,
        params: dict[str, Any],
        timeout: float,
        on_line: Callable[[bytes], None] | None = None,
    ) -> tuple[Answer, float]:
        # The id only joins an answer with its request, which HTTP does here.
        body = to_bytes({"jsonrpc": "2.0", "id": "1", "method": method, "params": params})
        path = self._learned.path or ("" if self._target.path.rstrip("/") else "/")
        answer, seconds = self._timed("POST", path, body, timeout, on_line, spelling.head)
        if answer.status is None or answer.status in _NOBODY:
            self._learned.away_at = self._clock.now()
        return answer, seconds


def _judged(answer: Answer) -> Attempt:
    """The outcome by status; an HTTP 404 is about the address, not about a task."""
    return replace(judged(answer), missing=False)


def _read(
    attempt: Attempt, read: Callable[[], TaskState]
) -> tuple[Attempt, TaskState, RpcError | None]:
    """The task of a complete answer, or why there is none."""
    try:
        return attempt, read(), None
    except RpcError as error:
        known = error.code in a2a_wire.REFUSED or error.code in a2a_wire.NO_METHOD
        outcome = Outcome.FAIL if known else Outcome.INFO
        failed = replace(attempt, outcome=outcome, error=str(error), retry=not known)
        return failed, TaskState(), error
    except ValueError as error:
        return replace(attempt, outcome=Outcome.INFO, error=str(error)), TaskState(), None


def _ended(attempt: Attempt, task: TaskState) -> Attempt:
    """The outcome of a task that has ended."""
    if task.answered:
        return replace(attempt, reply=task.reply())
    error = f"the task was {task.state}: {task.text()}".rstrip(": ")
    if task.state == "rejected":
        return replace(attempt, outcome=Outcome.FAIL, error=error, retry=False)
    # After an error of the agent itself the turn is over: a retry would be another turn.
    return replace(attempt, outcome=Outcome.INFO, error=error, retry=not task.agent_error)


def _unknown(error: str) -> Attempt:
    return Attempt(Outcome.FAIL, Answer(sent=True), error, retry=False)
