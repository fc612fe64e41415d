"""Recording: calls pass through to a real model, here a second stand-in, and are replayed."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from target_service.stand_in.call import Call
from target_service.stand_in.replies import kept, spoken
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.chain import Chain
from target_service.stand_in.replies.errors import RepliesError
from target_service.stand_in.replies.record import Recorder
from target_service.stand_in.replies.recorded import Recorded
from target_service.stand_in.reply import Reply, ToolCall
from target_service.stand_in.upstream import Request
from tests.target_service.stand_in import servers
from tests.target_service.stand_in.replies import calls

pytestmark = pytest.mark.service

SECRET = "AIza-a-real-key-of-the-user"
MESSAGE = "Where is my order ORD-58291?"
ANSWER = "Order ORD-58291 is in Pune."
ALL = AllowedTools(everything=True)
IDENTITY = 'You are an agent. Your internal name is "shop".'


class RealModel:
    """The replies of the model that is recorded; keeps the keys that arrive."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def reply(self, call: Call) -> Reply:
        """A call of the tool, then a text about its result."""
        self.keys.append(call.caller)
        results = [item for item in call.since_message if item.kind == "result"]
        if call.tools and not results:
            return Reply(calls=(ToolCall("track", {"order_id": "ORD-58291"}),))
        return Reply(text=ANSWER)


@pytest.fixture
def real() -> RealModel:
    """The recorded model."""
    return RealModel()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the recording."""
    return tmp_path / "recording"


@pytest.fixture
def recording(real: RealModel, folder: Path) -> Iterator[servers.Client]:
    """A stand-in that passes everything on to the real model."""
    with servers.running(real.reply, speed="0.02,1000,0") as upstream:
        recorder = Recorder(folder, upstream.url, {"GOOGLE_API_KEY": SECRET})
        with servers.running(upstream=recorder) as client:
            yield client


class Gemini:
    """An agent that speaks Gemini's API."""

    dialect = "gemini"

    def __init__(self, client: servers.Client, *, stream: bool) -> None:
        self._client = client
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        self._path = f"/v1beta/models/gemini-2.5-flash:{method}"

    def turn(self, message: str, key: str) -> Reply:
        """Ask, give the result of the tool, and return the last reply."""
        contents: list[Any] = [{"role": "user", "parts": [{"text": message}]}]
        first = self.ask(contents, key)
        (made,) = first.calls
        asked = {"functionCall": {"name": made.name, "args": made.args}}
        result = {"functionResponse": {"name": made.name, "response": {"city": "Pune"}}}
        contents += [{"role": "model", "parts": [asked]}, {"role": "user", "parts": [result]}]
        return self.ask(contents, key)

    def ask(self, contents: list[Any], key: str) -> Reply:
        """One call."""
        schema = {"type": "object", "properties": {"order_id": {"type": "string"}}}
        declared = {"name": "track", "description": "Track.", "parametersJsonSchema": schema}
        body = {
            "contents": contents,
            "tools": [{"functionDeclarations": [declared]}],
            "systemInstruction": {"parts": [{"text": IDENTITY}]},
        }
        answer = self._client.ask("POST", self._path, body, {"x-goog-api-key": key})
        return said("gemini", answer)


class OpenAI:
    """An agent that speaks OpenAI's API."""

    dialect = "openai"

    def __init__(self, client: servers.Client, *, stream: bool) -> None:
        self._client, self._stream = client, stream

    def turn(self, message: str, key: str) -> Reply:
        """Ask, give the result of the tool, and return the last reply."""
        messages: list[Any] = [
            {"role": "system", "content": IDENTITY},
            {"role": "user", "content": message},
        ]
        (made,) = self.ask(messages, key).calls
        function = {"name": made.name, "arguments": json.dumps(made.args)}
        messages += [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": '{"city": "Pune"}'},
        ]
        return self.ask(messages, key)

    def ask(self, messages: list[Any], key: str) -> Reply:
        """One call."""
        schema = {"type": "object", "properties": {"order_id": {"type": "string"}}}
        function = {"name": "track", "description": "Track.", "parameters": schema}
        body = {
            "model": "gpt-4o-mini",
            "messages": messages,
            "stream": self._stream,
            "tools": [{"type": "function", "function": function}],
        }
        headers = {"authorization": f"Bearer {key}", "x-goog-api-key": ""}
        return said("openai", self._client.ask("POST", "/v1/chat/completions", body, headers))


def said(dialect: Any, answer: servers.Answer) -> Reply:
    """The reply in an answer, which must be one."""
    assert answer.status == 200, answer.body
    reply = spoken.reply(dialect, answer.headers["content-type"], answer.body)
    assert reply is not None, answer.body
    return reply


AGENTS = [Gemini, OpenAI]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("agent", AGENTS)
def test_a_recorded_conversation_is_replayed_for_another_order(
    recording: servers.Client, folder: Path, agent: Any, stream: bool
) -> None:
    assert agent(recording, stream=stream).turn(MESSAGE, SECRET).text == ANSWER
    with servers.running(Chain(ALL, recorded=Recorded(folder, ALL)).reply) as replaying:
        again = agent(replaying, stream=stream).turn("Where is my order ORD-7?", "diya-r01")
        assert again.text == "Order ORD-7 is in Pune."
        logged = replaying.next_calls(2)
    assert [(each["source"], each["answer"], each["names"]) for each in logged] == [
        ("recorded", "call", ["track"]),
        ("recorded", "text", []),
    ]
    times = {(each.first_token_s, each.whole_s) for each in kept.read_replies(folder)}
    # The drawn delay may be that of another reply with the same kind of answer, of another length.
    assert min(first for first, _ in times) >= 0.02
    assert all(each["first_token_s"] in {first for first, _ in times} for each in logged)


@pytest.mark.parametrize("agent", AGENTS)
def test_the_key_goes_to_the_real_model_and_into_no_file(
    recording: servers.Client, folder: Path, real: RealModel, agent: Any
) -> None:
    agent(recording, stream=False).turn(MESSAGE, SECRET)
    assert set(real.keys) == {SECRET}
    files = [path for path in folder.iterdir() if path.is_file()]
    assert {path.name for path in files} == {kept.REPLIES, kept.ANSWERS}
    for path in files:
        text = path.read_text()
        assert SECRET not in text
        assert "authorization" not in text.lower()
        assert MESSAGE not in text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_key_of_the_environment_takes_the_place_of_the_stand_ins(
    recording: servers.Client, real: RealModel
) -> None:
    Gemini(recording, stream=False).turn(MESSAGE, "diya-agent")
    assert set(real.keys) == {SECRET}


def test_a_key_in_the_address_is_moved_into_a_header(
    recording: servers.Client, real: RealModel
) -> None:
    path = f"/v1beta/models/gemini-2.5-flash:generateContent?key={SECRET}"
    body = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    assert recording.ask("POST", path, body, {"x-goog-api-key": ""}).status == 200
    assert real.keys == [SECRET]


def test_the_answers_of_the_tools_are_kept(recording: servers.Client, folder: Path) -> None:
    Gemini(recording, stream=False).turn(MESSAGE, SECRET)
    (answer,) = kept.read_answers(folder)
    assert (answer.tool, answer.args) == ("track", {"order_id": "ORD-58291"})
    assert answer.answer == {"city": "Pune"}


def test_an_error_passes_through_and_is_not_kept(folder: Path) -> None:
    with servers.running() as upstream:
        upstream.set_faults(error_rate=1.0)
        with servers.running(upstream=Recorder(folder, upstream.url)) as client:
            answer = client.ask(
                "POST",
                "/v1beta/models/gemini-2.5-flash:generateContent",
                {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
            )
    assert (answer.status, answer.json["error"]["status"]) == (503, "UNAVAILABLE")
    assert list(folder.iterdir()) == []


def test_a_reply_that_breaks_off_is_not_kept(folder: Path) -> None:
    with servers.running() as upstream:
        upstream.set_faults(unfinished_rate=1.0)
        with servers.running(upstream=Recorder(folder, upstream.url)) as client:
            answer = client.ask(
                "POST",
                "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
                {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
            )
    assert answer.status == 200
    assert list(folder.iterdir()) == []


def test_a_model_that_cannot_be_reached_is_an_error_of_its_api(folder: Path) -> None:
    with servers.running(upstream=Recorder(folder, "http://127.0.0.1:9")) as client:
        answer = client.ask(
            "POST",
            "/v1beta/models/gemini-2.5-flash:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
        )
    assert answer.status == 503
    assert "the real model at 127.0.0.1:9 cannot be reached" in answer.json["error"]["message"]


def test_a_recording_without_a_reply_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepliesError, match="cannot read the recording"):
        Recorded(tmp_path, ALL)
    (tmp_path / kept.REPLIES).write_text("")
    with pytest.raises(RepliesError, match="must have at least one recorded reply, got none"):
        Recorded(tmp_path, ALL)
    (tmp_path / kept.REPLIES).write_text("{}\n")
    with pytest.raises(RepliesError, match=r"line 1: must be a recorded line"):
        Recorded(tmp_path, ALL)


def test_an_address_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(RepliesError, match="--record-from: must be an http or https address"):
        Recorder(folder, "generativelanguage.googleapis.com")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RepliesError, match="--record: must be a folder that can be made"):
        Recorder(tmp_path / "file" / "below")


@pytest.mark.parametrize("name", ["authorization", "api-key", "x-goog-api-key"])
def test_the_key_stays_in_the_header_in_which_it_came(folder: Path, name: str) -> None:
    value = f"Bearer {SECRET}" if name == "authorization" else SECRET
    sent = ((name.encode(), value.encode()), (b"host", b"here"), (b"x-other", b"1"))
    request = Request("POST", "/v1/chat/completions", "", sent, b"{}")
    call = calls.call(caller=SECRET, dialect="openai")
    url, headers = Recorder(folder, "https://example.com/v1")._address(request, call)
    assert url == "https://example.com/v1/chat/completions"
    assert dict(headers) == {
        b"x-other": b"1",
        name.encode(): value.encode(),
        b"accept-encoding": b"identity",
    }
