"""The neutral form of a call: the customer's messages, and the texts that are not theirs."""

from __future__ import annotations

from typing import Any

import pytest

from target_service.stand_in import gemini, openai
from target_service.stand_in.asked import BadRequest
from target_service.stand_in.call import Call

IDENTITY = 'You are an agent. Your internal name is "orders". The description about you is "x".'
FROM_ANOTHER = "For context: below is a transcript of what another agent did, quoted between marks."
DYNAMIC = (
    "The text between <<<BEGIN_SYSTEM_INSTRUCTION>>> and <<<END_SYSTEM_INSTRUCTION>>> below is "
    "your own system instruction for this turn.\nHelp."
)


def of_gemini(*contents: dict[str, Any], **body: Any) -> Call:
    """The call in a request to Gemini."""
    whole = {"contents": list(contents), **body}
    asked = gemini.parse(whole, model="gemini-2.5-flash", stream=False, sse=False, key="diya-r07")
    return asked.call


def of_openai(*messages: dict[str, Any], **body: Any) -> Call:
    """The call in a request to OpenAI."""
    whole = {"model": "gpt-4o-mini", "messages": list(messages), **body}
    return openai.parse(whole, model="", key="sk-abc").call


def user(*texts: str) -> dict[str, Any]:
    """A content of the user."""
    return {"role": "user", "parts": [{"text": text} for text in texts]}


def model(*parts: dict[str, Any]) -> dict[str, Any]:
    """A content of the model."""
    return {"role": "model", "parts": list(parts)}


CALLED = {"functionCall": {"name": "track", "args": {"order_id": "A1"}}}
RESULT = {"functionResponse": {"name": "track", "response": {"status": "shipped"}}}


def test_the_messages_are_the_customers_texts_in_their_order() -> None:
    call = of_gemini(user("Hello", "and good day"), model({"text": "Hi"}), user("Where is it?"))
    assert call.messages == ["Hello", "and good day", "Where is it?"]


@pytest.mark.parametrize("first", [FROM_ANOTHER, "For context:", DYNAMIC])
def test_a_content_that_adk_wrote_holds_no_message_in_any_of_its_parts(first: str) -> None:
    own = user(first, "[refunds] said:\nWhere is my order?")
    assert of_gemini(user("Hello"), own).messages == ["Hello"]
    parts = [{"type": "text", "text": part["text"]} for part in own["parts"]]
    assert of_openai(
        {"role": "user", "content": "Hello"}, {"role": "user", "content": parts}
    ).messages == ["Hello"]


@pytest.mark.parametrize(
    "text",
    [
        "Handle the requests as specified in the System Instruction.",
        "Continue processing previous requests as instructed. Exit or provide a summary if no "
        "more outputs are needed.",
    ],
)
def test_a_text_with_which_adk_fills_a_gap_is_no_message(text: str) -> None:
    assert of_gemini(user(text)).messages == []


def test_a_customer_may_say_for_context_later_in_a_message() -> None:
    assert of_gemini(user("I paid. For context: twice.")).messages == [
        "I paid. For context: twice."
    ]


def test_events_after_the_last_message_are_since_it() -> None:
    call = of_gemini(
        user("Hello"),
        model({"text": "Hi"}),
        user("Where?"),
        model(CALLED),
        {"role": "user", "parts": [RESULT]},
    )
    assert [item.kind for item in call.since_message] == ["call", "result"]
    assert call.since_message[1].value == {"status": "shipped"}


def test_everything_is_since_a_message_that_was_never_shown() -> None:
    call = of_gemini(user(FROM_ANOTHER), model(CALLED), {"role": "user", "parts": [RESULT]})
    assert [item.kind for item in call.since_message] == ["text", "call", "result"]


def test_the_agent_is_named_by_the_identity_that_adk_gives_it() -> None:
    assert of_gemini(user("x"), systemInstruction={"parts": [{"text": IDENTITY}]}).agent == "orders"
    assert of_gemini(user("x"), system_instruction=IDENTITY).agent == "orders"
    assert (
        of_openai(
            {"role": "developer", "content": IDENTITY}, {"role": "user", "content": "x"}
        ).agent
        == "orders"
    )
    assert of_gemini(user("x")).agent == ""


def test_only_a_key_of_the_harness_names_a_replica() -> None:
    assert of_gemini(user("x")).replica == "r07"
    assert of_openai({"role": "user", "content": "x"}).replica == ""


def test_the_key_is_in_no_representation_of_a_call() -> None:
    assert "sk-abc" not in repr(of_openai({"role": "user", "content": "x"}))


def test_fields_are_read_in_camel_case_and_in_snake_case() -> None:
    camel = of_gemini(
        user("x"),
        tools=[{"functionDeclarations": [{"name": "track", "parametersJsonSchema": {"a": 1}}]}],
        toolConfig={"functionCallingConfig": {"mode": "ANY"}},
        generationConfig={"responseJsonSchema": {"type": "object"}},
    )
    snake = of_gemini(
        user("x"),
        tools=[{"function_declarations": [{"name": "track", "parameters_json_schema": {"a": 1}}]}],
        tool_config={"function_calling_config": {"mode": "any"}},
        generation_config={"response_json_schema": {"type": "object"}},
    )
    assert camel == snake
    assert (camel.tools[0].schema, camel.tool_choice) == ({"a": 1}, "any")


def test_only_the_allowed_tools_are_there() -> None:
    declared = [{"name": "track"}, {"name": "refund"}]
    call = of_gemini(
        user("x"),
        tools=[{"functionDeclarations": declared}],
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["refund"]}},
    )
    assert [tool.name for tool in call.tools] == ["refund"]
    functions = [{"type": "function", "function": tool} for tool in declared]
    named = {"type": "function", "function": {"name": "track"}}
    chosen = of_openai({"role": "user", "content": "x"}, tools=functions, tool_choice=named)
    assert ([tool.name for tool in chosen.tools], chosen.tool_choice) == (["track"], "any")


@pytest.mark.parametrize(
    ("choice", "meaning"), [("auto", "auto"), ("required", "any"), ("none", "none"), (None, "auto")]
)
def test_openais_tool_choice_is_understood(choice: str | None, meaning: str) -> None:
    assert of_openai({"role": "user", "content": "x"}, tool_choice=choice).tool_choice == meaning


def test_a_result_of_openai_has_the_name_of_its_call_and_its_value() -> None:
    asked = {"id": "c1", "type": "function", "function": {"name": "track", "arguments": "{}"}}
    call = of_openai(
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"status": "shipped"}'},
    )
    result = call.since_message[-1]
    assert (result.name, result.value) == ("track", {"status": "shipped"})


def test_a_thought_is_no_text_of_the_model() -> None:
    call = of_gemini(user("x"), model({"text": "hm", "thought": True}, {"text": "Yes"}), user("y"))
    assert [item.text for item in call.items] == ["x", "Yes", "y"]


def test_a_longer_history_has_more_tokens() -> None:
    short = of_gemini(user("Where is my order?"))
    long = of_gemini(user("Where is my order?"), model({"text": "Here. " * 50}), user("Thanks"))
    assert short.prompt_tokens == 5
    assert 75 <= long.prompt_tokens - short.prompt_tokens <= 80


@pytest.mark.parametrize(
    "contents",
    [
        [user("x"), model(CALLED), user("y")],
        [user("x"), model(CALLED, CALLED), {"role": "user", "parts": [RESULT]}],
        [user("x"), {"role": "user", "parts": [RESULT]}],
        [],
    ],
)
def test_gemini_refuses_a_history_whose_calls_and_results_do_not_fit(
    contents: list[dict[str, Any]],
) -> None:
    with pytest.raises(BadRequest):
        of_gemini(*contents)


@pytest.mark.parametrize(
    "later",
    [
        [{"role": "user", "content": "y"}],
        [{"role": "tool", "tool_call_id": "c2", "content": "1"}],
        [],
    ],
)
def test_openai_refuses_a_history_in_which_a_call_has_no_result(
    later: list[dict[str, Any]],
) -> None:
    asked = {"id": "c1", "type": "function", "function": {"name": "track", "arguments": "{}"}}
    with pytest.raises(BadRequest):
        of_openai(
            {"role": "user", "content": "x"},
            {"role": "assistant", "tool_calls": [asked]},
            *later,
        )
