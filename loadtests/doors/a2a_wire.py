"""A2A on the wire: JSON-RPC requests in the spelling of 0.3 or 1.0, and their results.  Pure.

| 0.3 | 1.0 |
|---|---|
| `message/send`, `message/stream`, `tasks/get` | `SendMessage`, `SendStreamingMessage`, `GetTask` |
| `{"kind": "text", "text": …}`, role `user` | `{"text": …}`, role `ROLE_USER` |
| results tell their `kind` | results are under `task`, `message`, `statusUpdate`, … |
| state `completed` | state `TASK_STATE_COMPLETED`, header `A2A-Version: 1.0` |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from loadtests.adk.agent_event import word
from loadtests.adk.events import CONFIRMATION, Reply
from loadtests.adk.json_codec import not_json, parsed
from loadtests.doors.lines import Lines

TASK_NOT_FOUND = -32001
NO_METHOD = frozenset({-32601, -32009})
"""No such method, or none of this version."""
REFUSED = frozenset({-32700, -32600, -32602, TASK_NOT_FOUND, -32004, -32005, -32007, -32008})
"""Errors that come before anything is executed, and again after a retry."""
_WHOLE_HISTORY = 100
_KINDS = {
    "task": "task",
    "message": "message",
    "statusUpdate": "status-update",
    "artifactUpdate": "artifact-update",
}


@dataclass(frozen=True, slots=True)
class Spelling:
    """One version's names."""

    version: str
    send: str
    stream: str
    get: str
    head: str
    """Further lines of a request's head."""

    def message(
        self,
        text: str,
        *,
        name: str,
        turn_id: str,
        context: str | None,
        task: str | None = None,
        confirms: Sequence[str] = (),
    ) -> dict[str, Any]:
        """The parameters that send a message named `name`; with `confirms`, a confirmation."""
        new = self.version != "0.3"
        parts: list[dict[str, Any]] = [{"text": text} if new else {"kind": "text", "text": text}]
        if confirms:
            yes = {"name": CONFIRMATION, "response": {"confirmed": True}}
            kind = {} if new else {"kind": "data"}
            told = {"adk_type": "function_response"}
            parts = [{**kind, "data": {"id": id, **yes}, "metadata": told} for id in confirms]
        message = {
            "messageId": name,
            "role": "ROLE_USER" if new else "user",
            "parts": parts,
            "metadata": {"turn_id": turn_id},
        }
        if not new:
            message["kind"] = "message"
        if context is not None:
            message["contextId"] = context
        if task is not None:
            message["taskId"] = task
        return {"message": message} if new else {**_BLOCKING, "message": message}

    def task(self, task: str) -> dict[str, Any]:
        """The parameters that ask for a task and its history."""
        return {"id": task, "historyLength": _WHOLE_HISTORY}


_BLOCKING = {"configuration": {"blocking": True, "acceptedOutputModes": ["text/plain"]}}
OLD = Spelling("0.3", "message/send", "message/stream", "tasks/get", "")
NEW = Spelling("1.0", "SendMessage", "SendStreamingMessage", "GetTask", "A2A-Version: 1.0\r\n")


class RpcError(Exception):
    """The error of a JSON-RPC answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"A2A error {code}: {message}")
        self.code, self.message = code, message


def result_of(answer: Any) -> Any:
    """The result in a JSON-RPC answer.  Raises RpcError, and ValueError for no such answer."""
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        raise ValueError("the reply is no JSON-RPC answer")
    error = answer.get("error")
    if error is None:
        return answer["result"]
    if not isinstance(error, dict):
        raise RpcError(0, str(error)[:200])
    code = error.get("code")
    message = " ".join(str(error.get("message") or error.get("data") or "").split())[:200]
    raise RpcError(code if isinstance(code, int) else 0, message)


@dataclass(slots=True)
class TaskState:
    """A task as its results so far describe it; a plain message counts as a task without id."""

    id: str | None = None
    context: str | None = None
    state: str | None = None
    """`completed`, `working`, …; `message` for an answer that is no task."""
    history: list[dict[str, Any]] = field(default_factory=list)
    agent_error: bool = False
    """The agent itself reported an error: the turn has ended."""
    has_text: bool = False
    """Whether the customer sees something."""
    _artifacts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _last_words: list[dict[str, Any]] = field(default_factory=list)

    def take(self, result: Any) -> None:
        """Add one result.  Raises ValueError for anything else."""
        kind, value = _kind_of(result)
        self.context = value.get("contextId") or self.context
        if kind == "message":
            self.state, self._last_words = "message", _parts(value)
        elif kind == "artifact-update":
            self.id = value.get("taskId") or self.id
            self._add(value.get("artifact"), append=bool(value.get("append")))
        elif kind == "status-update":
            self.id = value.get("taskId") or self.id
            self._set(value.get("status"), value.get("metadata"))
        else:
            self.id = value.get("id") or self.id
            self.history = [each for each in value.get("history") or [] if isinstance(each, dict)]
            self._artifacts.clear()
            for artifact in value.get("artifacts") or []:
                self._add(artifact, append=False)
            self._set(value.get("status"), value.get("metadata"))
        self.has_text = self.has_text or bool(_text(self._said()))

    def _add(self, artifact: Any, *, append: bool) -> None:
        if not isinstance(artifact, dict):
            raise ValueError("an artifact is not a JSON object")
        before = self._artifacts.setdefault(str(artifact.get("artifactId")), [])
        if not append:
            before.clear()
        before += _parts(artifact)

    def _set(self, status: Any, metadata: Any) -> None:
        if not isinstance(status, dict):
            raise ValueError("a task has no status")
        state = str(status.get("state")).removeprefix("TASK_STATE_")
        self.state = state.lower().replace("_", "-")
        self._last_words = _parts(status.get("message"))
        if isinstance(metadata, dict) and metadata.get("adk_error_code"):
            self.agent_error = True

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in (None, "submitted", "working", "unspecified")

    @property
    def answered(self) -> bool:
        """Whether the agent has answered the customer."""
        return self.state in ("completed", "input-required", "auth-required", "message")

    def reply(self) -> Reply:
        """The agent's word to the customer."""
        said = self._said()
        asks = tuple(
            str(part["data"]["id"])
            for part in said
            if isinstance(part.get("data"), dict) and part["data"].get("name") == CONFIRMATION
            if part["data"].get("id")
        )
        return Reply(word(_bare(said)), None, asks)

    def text(self) -> str:
        """The text of the last message, for an error."""
        return " ".join(_text(self._said()).split())[:200]

    def events(self) -> list[dict[str, Any]]:
        """The task as ADK writes a turn: the customer's message, and the reply if there is one."""
        user = next((m for m in self.history if str(m.get("role")).lower().endswith("user")), None)
        if user is None:
            return []
        metadata = user.get("metadata") if isinstance(user.get("metadata"), dict) else {}
        turn = {"customMetadata": metadata, "invocationId": self.id}
        text = {"parts": [{"text": _text(_parts(user))}]}
        events = [{"author": "user", "id": user.get("messageId"), "content": text, **turn}]
        if self.answered and (said := self._said()):
            content = {"parts": _bare(said)}
            events.append({"author": "agent", "id": self.id, "content": content, **turn})
        return events

    def _said(self) -> list[dict[str, Any]]:
        """The parts of the artifacts; those of the last message when there are none."""
        shown = [part for parts in self._artifacts.values() for part in parts]
        return shown or self._last_words


class ResultStream(Lines):
    """Collects the results of a streamed answer, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.task = TaskState()
        self.error: RpcError | None = None
        self.problem: str | None = None

    def _take(self, event: Any) -> None:
        try:
            self.task.take(result_of(event))
        except RpcError as error:
            self.error = error
        except ValueError as error:
            self.problem = str(error)
        self.has_text = self.task.has_text

    def end(self) -> None:
        """Take what is left after the last line.  Raises RpcError or ValueError, if one came."""
        if self._pending:
            self._end_event()
        if self.error is not None:
            raise self.error
        if self.problem is not None:
            raise ValueError(self.problem)


def task_in(body: bytes) -> TaskState:
    """The task in a whole answer.  Raises RpcError, or ValueError for anything else."""
    try:
        answer = parsed(body)
    except ValueError:
        raise ValueError(not_json("the reply", body)) from None
    task = TaskState()
    task.take(result_of(answer))
    return task


def _kind_of(result: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(result, dict):
        for key, named in _KINDS.items():
            if isinstance(result.get(key), dict) and "kind" not in result and "id" not in result:
                return named, result[key]
        kind = result.get("kind") or ("task" if "status" in result and "id" in result else None)
        if kind in _KINDS.values():
            return str(kind), result
    raise ValueError("the reply is neither a task nor a message")


def _parts(holder: Any) -> list[dict[str, Any]]:
    """The parts of a message or an artifact, thoughts left out."""
    parts = holder.get("parts") if isinstance(holder, dict) else None
    found = [part for part in parts or [] if isinstance(part, dict)]
    return [part for part in found if not (part.get("metadata") or {}).get("adk_thought")]


def _bare(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts without the word for their kind, which their other fields tell too."""
    return [{key: value for key, value in part.items() if key != "kind"} for part in parts]


def _text(parts: Sequence[dict[str, Any]]) -> str:
    texts = [part.get("text") for part in parts]
    return "".join([text for text in texts if isinstance(text, str)])
