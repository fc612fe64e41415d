"""LiteLLM as it is, against the stand-in."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from typing import Any

import pytest

from target_service.stand_in.environment import variables
from tests.target_service.stand_in import servers
from tests.target_service.stand_in.servers import KEY, TEXT
from tests.target_service.stand_in.test_openai_client import QUESTION, TOOLS, Refund

# LiteLLM and its packages warn of their own affairs, when they are imported and later.
pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def no_loop_is_left() -> Iterator[None]:
    """LiteLLM leaves an event loop open, of which a later test would be warned."""
    yield
    asyncio.set_event_loop(None)
    gc.collect()


def complete(stand_in: servers.Client, **options: Any) -> Any:
    """One completion, as ADK's LiteLlm asks for it."""
    import litellm

    litellm.suppress_debug_info = True
    return litellm.completion(
        model=options.pop("model", "openai/gpt-4o-mini"),
        messages=options.pop("messages", QUESTION),
        api_base=options.pop("api_base", f"{stand_in.url}/v1"),
        api_key=KEY,
        **{"num_retries": 0, "max_retries": 0, **options},
    )


def test_a_text_is_generated_with_its_usage(stand_in: servers.Client) -> None:
    answer = complete(stand_in)
    assert answer.choices[0].message.content == TEXT
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, -(-len(TEXT) // 4))


def test_a_streamed_text_is_the_same_text_in_pieces(stand_in: servers.Client) -> None:
    chunks = list(complete(stand_in, stream=True, stream_options={"include_usage": True}))
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len([text for text in texts if text]) > 2
    assert "".join(texts) == TEXT
    used = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)]
    assert used[-1].prompt_tokens == 5


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_with_its_arguments(stand_in: servers.Client, stream: bool) -> None:
    answer = complete(stand_in, tools=TOOLS, stream=stream)
    if stream:
        import litellm

        answer = litellm.stream_chunk_builder(list(answer))
    (call,) = answer.choices[0].message.tool_calls
    assert call.function.name == "track_order"
    assert json.loads(call.function.arguments) == {"order_id": "ORD-58291"}


def test_a_schema_gets_json(stand_in: servers.Client) -> None:
    answer = complete(stand_in, response_format=Refund)
    assert Refund.model_validate_json(answer.choices[0].message.content).amount == 12.5


def test_the_asynchronous_call_is_served_too(stand_in: servers.Client) -> None:
    import litellm

    async def talk() -> str:
        answer: Any = await litellm.acompletion(
            model="openai/gpt-4o-mini",
            messages=QUESTION,
            api_base=f"{stand_in.url}/v1",
            api_key=KEY,
        )
        return str(answer.choices[0].message.content)

    assert asyncio.run(talk()) == TEXT


def test_a_rate_limit_and_an_overload_are_its_own_errors(stand_in: servers.Client) -> None:
    import litellm

    stand_in.set_faults(rate_limit_rate=1.0)
    with pytest.raises(litellm.RateLimitError):
        complete(stand_in)
    stand_in.set_faults(error_rate=1.0)
    with pytest.raises((litellm.ServiceUnavailableError, litellm.InternalServerError)):
        complete(stand_in)


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        ("gpt-4o-mini", "openai"),
        ("openai/gpt-4o-mini", "openai"),
        ("azure/gpt-4o-mini", "openai"),
        ("gemini/gemini-2.5-flash", "gemini"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_environment_alone_leads_every_spoken_api_to_the_stand_in(
    stand_in: servers.Client,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    dialect: str,
    stream: bool,
) -> None:
    import litellm

    for name, value in variables(stand_in.url, KEY, {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    answer: Any = litellm.completion(model=model, messages=QUESTION, stream=stream)
    if stream:
        answer = litellm.stream_chunk_builder(list(answer))
    assert answer.choices[0].message.content == TEXT
    call = stand_in.calls()[-1]
    assert (call["dialect"], call["caller"]) == (dialect, "r01")
    assert call["model"] == model.rpartition("/")[2]
