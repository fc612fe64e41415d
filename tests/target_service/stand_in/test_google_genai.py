"""Google's own client as it is, against the stand-in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from tests.target_service.stand_in import servers
from tests.target_service.stand_in.servers import KEY, TEXT

pytestmark = [pytest.mark.service, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

MODEL = "gemini-2.5-flash"


class Refund(BaseModel):
    """What a customer gets back."""

    order_id: str
    amount: float


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is."""
    return {"order": order_id, "status": "shipped"}


@pytest.fixture
def client(stand_in: servers.Client) -> Iterator[genai.Client]:
    """The client, set to the stand-in."""
    with genai.Client(api_key=KEY, http_options={"base_url": stand_in.url}) as made:
        yield made


def declared(*, automatic: bool = False) -> types.GenerateContentConfig:
    """A request with one tool, which the client calls by itself or not."""
    return types.GenerateContentConfig(
        tools=[track_order],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=not automatic),
    )


def test_a_text_is_generated_with_its_usage(client: genai.Client) -> None:
    answer = client.models.generate_content(model=MODEL, contents="Where is my order?")
    assert answer.text == TEXT
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.model_version == MODEL
    used = answer.usage_metadata
    assert used is not None
    assert (used.prompt_token_count, used.candidates_token_count) == (5, -(-len(TEXT) // 4))
    assert used.total_token_count == 5 + -(-len(TEXT) // 4)


def test_a_streamed_text_is_the_same_text_in_pieces(client: genai.Client) -> None:
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="Where is it?"))
    assert len(chunks) > 2
    assert "".join(chunk.text or "" for chunk in chunks) == TEXT
    reasons = [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates]
    assert reasons == [*[None] * (len(chunks) - 1), types.FinishReason.STOP]
    assert chunks[-1].usage_metadata is not None
    assert chunks[-1].usage_metadata.candidates_token_count == -(-len(TEXT) // 4)


def test_a_tool_is_called_and_its_result_reaches_the_model(
    client: genai.Client, stand_in: servers.Client
) -> None:
    before = len(stand_in.calls())
    config = declared(automatic=True)
    answer = client.models.generate_content(model=MODEL, contents="Where is it?", config=config)
    assert "shipped" in (answer.text or "")
    first, second = stand_in.calls(before)
    assert (first["answer"], first["names"], first["steps"]) == ("call", ["track_order"], "")
    assert (second["answer"], second["names"], second["steps"]) == ("text", [], "CR")
    assert second["messages"] == first["messages"]
    assert len(second["results"]) == 1


def test_a_streamed_call_of_a_tool_has_its_arguments(client: genai.Client) -> None:
    chunks = client.models.generate_content_stream(
        model=MODEL, contents="Where is it?", config=declared()
    )
    calls = [call for chunk in chunks for call in chunk.function_calls or []]
    assert [(call.name, call.args) for call in calls] == [
        ("track_order", {"order_id": "ORD-58291"})
    ]


def history(client: genai.Client) -> list[types.Content]:
    """A history that ends with a tool's result."""
    asked = types.Content(role="user", parts=[types.Part(text="Where is it?")])
    answer = client.models.generate_content(model=MODEL, contents=[asked], config=declared())
    assert answer.candidates is not None
    called = answer.candidates[0].content
    assert called is not None
    result = types.Part.from_function_response(name="track_order", response={"status": "shipped"})
    return [asked, called, types.Content(role="user", parts=[result])]


def test_a_signature_comes_back_as_it_was_issued(
    client: genai.Client, stand_in: servers.Client
) -> None:
    contents = history(client)
    before = len(stand_in.calls())
    client.models.generate_content(model=MODEL, contents=contents, config=declared())
    (call,) = stand_in.calls(before)
    assert call["signatures"] == {"returned": 1, "changed": 0}


def test_a_changed_signature_is_counted_as_changed(
    client: genai.Client, stand_in: servers.Client
) -> None:
    contents = history(client)
    part = (contents[1].parts or [])[0]
    assert part.thought_signature is not None
    *issued, last = part.thought_signature
    part.thought_signature = bytes([*issued, last ^ 1])
    before = len(stand_in.calls())
    client.models.generate_content(model=MODEL, contents=contents, config=declared())
    (call,) = stand_in.calls(before)
    assert call["signatures"] == {"returned": 0, "changed": 1}


def test_a_history_with_a_call_that_has_no_result_is_refused(client: genai.Client) -> None:
    asked, called, _ = history(client)
    with pytest.raises(errors.ClientError, match="number of function response parts") as caught:
        client.models.generate_content(model=MODEL, contents=[asked, called, asked])
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts_are_shown_when_they_are_wanted(client: genai.Client, stream: bool) -> None:
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True)
    )
    asked: Any = {"model": MODEL, "contents": "x", "config": config}
    if stream:
        answers = list(client.models.generate_content_stream(**asked))
    else:
        answers = [client.models.generate_content(**asked)]
    parts = [part for answer in answers for part in answer.parts or []]
    assert parts[0].thought
    assert "".join(part.text or "" for part in parts if not part.thought) == TEXT
    assert parts[-1].thought_signature
    used = answers[-1].usage_metadata
    assert used is not None
    assert used.thoughts_token_count


def test_a_schema_gets_json(client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=Refund
    )
    answer = client.models.generate_content(model=MODEL, contents="Refund it", config=config)
    assert answer.parsed == Refund(order_id="ORD-58291", amount=12.5)


def test_tokens_are_counted(client: genai.Client, stand_in: servers.Client) -> None:
    before = len(stand_in.calls())
    assert client.models.count_tokens(model=MODEL, contents="Where is my order?").total_tokens == 5
    assert stand_in.calls(before) == []


def test_a_rate_limit_is_the_real_apis_error(
    client: genai.Client, stand_in: servers.Client
) -> None:
    stand_in.set_faults(rate_limit_rate=1.0, retry_after_s=7.0)
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=MODEL, contents="x")
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert '"retryDelay": "7s"' in str(caught.value.details).replace("'", '"')
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize("stream", [False, True])
def test_an_overloaded_model_is_a_server_error(
    client: genai.Client, stand_in: servers.Client, stream: bool
) -> None:
    stand_in.set_faults(error_rate=1.0)
    with pytest.raises(errors.ServerError, match="The model is overloaded") as caught:
        ask(client, stream=stream)
    assert (caught.value.code, caught.value.status) == (503, "UNAVAILABLE")


def ask(client: genai.Client, *, stream: bool) -> list[types.GenerateContentResponse]:
    """All pieces of a reply."""
    if stream:
        return list(client.models.generate_content_stream(model=MODEL, contents="Where is it?"))
    return [client.models.generate_content(model=MODEL, contents="Where is it?")]


@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_reply_is_an_error_and_has_no_end_in_the_log(
    client: genai.Client, stand_in: servers.Client, stream: bool
) -> None:
    stand_in.set_faults(cut_rate=1.0)
    before = len(stand_in.calls())
    with pytest.raises(httpx.RemoteProtocolError):
        ask(client, stream=stream)
    (call,) = stand_in.calls(before)
    assert (call["done"], call["fault"], call["status"]) == (None, "model-cut-streams", 200)


def test_a_stream_without_a_finish_reason_looks_complete_to_the_client(
    client: genai.Client, stand_in: servers.Client
) -> None:
    stand_in.set_faults(unfinished_rate=1.0)
    chunks = ask(client, stream=True)
    text = "".join(chunk.text or "" for chunk in chunks)
    assert text == TEXT[: len(TEXT) // 2]
    assert all(not chunk.candidates or not chunk.candidates[0].finish_reason for chunk in chunks)


@pytest.mark.parametrize("stream", [False, True])
def test_garbage_is_no_json(client: genai.Client, stand_in: servers.Client, stream: bool) -> None:
    stand_in.set_faults(garbage_rate=1.0)
    with pytest.raises((errors.UnknownApiResponseError, json.JSONDecodeError)):
        ask(client, stream=stream)


@pytest.mark.parametrize("transport", ["default", "httpx"])
def test_the_asynchronous_client_is_served_too(stand_in: servers.Client, transport: str) -> None:
    options = types.HttpOptions(base_url=stand_in.url)
    if transport == "httpx":
        options.async_client_args = {"transport": httpx.AsyncHTTPTransport()}

    async def talk() -> tuple[str | None, str]:
        async with genai.Client(api_key=KEY, http_options=options).aio as client:
            answer = await client.models.generate_content(model=MODEL, contents="x")
            stream = await client.models.generate_content_stream(model=MODEL, contents="x")
            return answer.text, "".join([chunk.text or "" async for chunk in stream])

    assert asyncio.run(talk()) == (TEXT, TEXT)


def test_vertex_is_spoken_with_a_key(stand_in: servers.Client) -> None:
    options = types.HttpOptions(base_url=stand_in.url)
    with genai.Client(vertexai=True, api_key=KEY, http_options=options) as client:
        assert [piece.text for piece in ask(client, stream=False)] == [TEXT]
        assert "".join(piece.text or "" for piece in ask(client, stream=True)) == TEXT
    (call,) = stand_in.calls()[-1:]
    assert (call["model"], call["caller"]) == (MODEL, "r01")


@pytest.mark.parametrize("stream", [False, True])
def test_vertex_without_project_and_key_posts_to_the_bare_address(
    stand_in: servers.Client, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", stand_in.url)
    for name in ("GOOGLE_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"):
        monkeypatch.delenv(name, raising=False)
    with genai.Client(vertexai=True) as client:
        assert "".join(piece.text or "" for piece in ask(client, stream=stream)) == TEXT


def test_a_client_with_a_time_limit_gives_up_and_the_log_shows_no_end() -> None:
    with servers.running(speed="20,1000,0") as slow:
        options = types.HttpOptions(base_url=slow.url, timeout=300)
        with genai.Client(api_key=KEY, http_options=options) as client:
            begun = time.monotonic()
            with pytest.raises(httpx.TimeoutException):
                client.models.generate_content(model=MODEL, contents="x")
            assert time.monotonic() - begun < 15
        (call,) = slow.next_calls()
        assert call["done"] is None
        assert call["took_s"] > 20
