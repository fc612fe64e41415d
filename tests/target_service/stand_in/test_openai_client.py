"""OpenAI's own client as it is, against the stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.target_service.stand_in import servers
from tests.target_service.stand_in.servers import KEY, TEXT

pytestmark = [pytest.mark.service, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

MODEL = "gpt-4o-mini"
QUESTION: Any = [{"role": "user", "content": "Where is my order?"}]
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "track_order",
            "description": "Tell where an order is.",
            "parameters": {
                "type": "object",
                "properties": {"order_id": {"type": "string"}},
                "required": ["order_id"],
            },
        },
    }
]


class Refund(BaseModel):
    """What a customer gets back."""

    order_id: str
    amount: float


@pytest.fixture
def client(stand_in: servers.Client) -> Iterator[openai.OpenAI]:
    """The client, set to the stand-in; it does not try again."""
    with openai.OpenAI(api_key=KEY, base_url=f"{stand_in.url}/v1", max_retries=0) as made:
        yield made


def test_a_text_is_generated_with_its_usage(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION)
    choice = answer.choices[0]
    assert (choice.message.role, choice.message.content) == ("assistant", TEXT)
    assert (choice.finish_reason, answer.model) == ("stop", MODEL)
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 5
    assert answer.usage.completion_tokens == -(-len(TEXT) // 4)
    assert answer.usage.total_tokens == 5 + -(-len(TEXT) // 4)


def test_no_two_answers_have_the_same_id(client: openai.OpenAI) -> None:
    answers = [client.chat.completions.create(model=MODEL, messages=QUESTION) for _ in range(3)]
    assert len({answer.id for answer in answers}) == 3


@pytest.mark.parametrize("usage", [False, True])
def test_a_streamed_text_is_the_same_text_in_pieces(client: openai.OpenAI, usage: bool) -> None:
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=QUESTION, stream=True, stream_options={"include_usage": usage}
        )
    )
    deltas = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert len(deltas) > 3
    assert "".join(each.delta.content or "" for each in deltas) == TEXT
    assert deltas[0].delta.role == "assistant"
    assert [each.finish_reason for each in deltas if each.finish_reason] == ["stop"]
    told = [chunk.usage for chunk in chunks if chunk.usage is not None]
    assert [each.total_tokens for each in told] == ([5 + -(-len(TEXT) // 4)] if usage else [])


def test_a_tool_is_called_and_its_result_reaches_the_model(
    client: openai.OpenAI, stand_in: servers.Client
) -> None:
    before = len(stand_in.calls())
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION, tools=TOOLS)
    message = answer.choices[0].message
    assert answer.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    (call,) = message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "track_order"
    assert json.loads(call.function.arguments) == {"order_id": "ORD-58291"}
    result = {"role": "tool", "tool_call_id": call.id, "content": '{"status": "shipped"}'}
    later: Any = [*QUESTION, message.to_dict(), result]
    last = client.chat.completions.create(model=MODEL, messages=later, tools=TOOLS)
    assert last.choices[0].message.content == 'The tool says {"status": "shipped"}.'
    first, second = stand_in.calls(before)
    assert (first["dialect"], first["answer"], first["steps"]) == ("openai", "call", "")
    assert (second["answer"], second["steps"]) == ("text", "CR")


def test_a_streamed_call_of_a_tool_has_its_arguments_in_pieces(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=QUESTION, tools=TOOLS) as stream:
        answer = stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.function.name == "track_order"
    assert json.loads(call.function.arguments) == {"order_id": "ORD-58291"}
    assert answer.choices[0].finish_reason == "tool_calls"


def test_no_tool_is_called_when_none_may_be(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=QUESTION, tools=TOOLS, tool_choice="none"
    )
    assert answer.choices[0].message.content == TEXT


def test_a_schema_gets_json(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Refund)
    assert answer.choices[0].message.parsed == Refund(order_id="ORD-58291", amount=12.5)


def test_a_rate_limit_is_the_real_apis_error(
    client: openai.OpenAI, stand_in: servers.Client
) -> None:
    stand_in.set_faults(rate_limit_rate=1.0, retry_after_s=7.0)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "7"


def test_the_quota_is_named_in_the_error() -> None:
    with servers.running() as limited:
        limited.control("POST", "quota", {"requests": 1})
        client = openai.OpenAI(api_key=KEY, base_url=f"{limited.url}/v1", max_retries=0)
        client.chat.completions.create(model=MODEL, messages=QUESTION)
        with pytest.raises(openai.RateLimitError, match=r"requests per min \(RPM\): Limit 1"):
            client.chat.completions.create(model=MODEL, messages=QUESTION)
        refused = limited.calls()[-1]
        assert (refused["status"], refused["refused"]) == (429, "requests")
        client.close()


def test_an_overloaded_model_is_a_server_error(
    client: openai.OpenAI, stand_in: servers.Client
) -> None:
    stand_in.set_faults(error_rate=1.0)
    with pytest.raises(openai.InternalServerError, match="overloaded"):
        client.chat.completions.create(model=MODEL, messages=QUESTION)


def test_a_client_that_tries_again_gets_through_when_the_fault_ends(
    stand_in: servers.Client,
) -> None:
    stand_in.set_faults(error_rate=0.5)
    with openai.OpenAI(api_key=KEY, base_url=f"{stand_in.url}/v1", max_retries=8) as client:
        answer = client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert answer.choices[0].message.content == TEXT


def test_a_call_without_its_result_is_refused(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION, tools=TOOLS)
    later: Any = [*QUESTION, answer.choices[0].message.to_dict(), *QUESTION]
    with pytest.raises(openai.BadRequestError, match="did not have response messages"):
        client.chat.completions.create(model=MODEL, messages=later)


def test_a_cut_stream_is_an_error(client: openai.OpenAI, stand_in: servers.Client) -> None:
    stand_in.set_faults(cut_rate=1.0)
    with pytest.raises(openai.APIConnectionError):
        list(client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True))


def test_a_stream_without_a_finish_reason_ends_without_an_error(
    client: openai.OpenAI, stand_in: servers.Client
) -> None:
    stand_in.set_faults(unfinished_rate=1.0)
    chunks = list(client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True))
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == TEXT[: len(TEXT) // 2]


def test_garbage_is_no_json(client: openai.OpenAI, stand_in: servers.Client) -> None:
    stand_in.set_faults(garbage_rate=1.0)
    with pytest.raises((openai.APIError, json.JSONDecodeError)):
        list(client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True))


def test_an_unknown_path_is_refused_in_openais_words(
    client: openai.OpenAI, stand_in: servers.Client
) -> None:
    with pytest.raises(openai.NotFoundError, match="the stand-in for the model speaks"):
        client.responses.create(model=MODEL, input="x")
    assert stand_in.control("GET", "unknown")["POST /v1/responses"] >= 1
