"""The replies of the scripted agent, and its model's evidence of the history it was shown."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from google.genai import types

from loadtests.profiles.journeys import shopmax
from reports import records
from target_service.agents.shopmax import orders, tools
from target_service.model import intents, witness
from target_service.model.dialogue import Call, Say, customer_messages, decide


def said(text: str, role: str = "user") -> types.Content:
    return types.Content(role=role, parts=[types.Part(text=text)])


def brought(tool: str, response: dict[str, Any]) -> types.Content:
    return types.Content(
        role="user", parts=[types.Part.from_function_response(name=tool, response=response)]
    )


class State:
    """Stands for ADK's tool context, of which the tools use only the state."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}


def talk(*messages: str) -> list[str]:
    """Play the customer's messages, tools included; the agent's texts."""
    contents: list[types.Content] = []
    replies = []
    context: Any = State()
    for message in messages:
        contents.append(said(message))
        step = decide(contents)
        while isinstance(step, Call):
            result = getattr(tools, step.tool)(**step.arguments, tool_context=context)
            contents.append(brought(step.tool, result))
            step = decide(contents)
        contents.append(said(step.text, "model"))
        replies.append(step.text)
    return replies


def test_the_demo_s_conversation_has_its_exact_words() -> None:
    first, second = talk("Where is my order ORD-58291?", "When will it arrive?")
    assert first.startswith("I can help you track order ORD-58291. ")
    assert second.startswith("Based on your order ORD-58291, the expected delivery is April 8th, ")


def test_without_the_first_message_the_second_cannot_be_answered() -> None:
    assert talk("When will it arrive?") == [
        "Please tell me your order number, it looks like ORD-58291."
    ]


def test_a_changed_delivery_is_remembered() -> None:
    changed, then = talk(
        "Can you change the delivery of ord-58300 to Sunday?", "So when will it arrive?"
    )
    assert changed.startswith("Done: order ORD-58300 will now come sunday")
    assert "expected delivery is sunday" in then


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("I want to return ORD-58292, it is damaged", "I have started return RET-58292"),
        ("Payment for ORD-58293 was debited twice", "The payment of ₹"),
        ("Does it come with a warranty?", "It is in stock"),
        ("Shukriya!", "You are welcome."),
        ("Where is ORD-99999?", "No order ORD-99999 was found."),
    ],
)
def test_each_wish_has_its_answer(message: str, reply: str) -> None:
    assert talk(message)[0].startswith(reply)


def test_the_order_spoken_of_last_is_the_one_that_counts() -> None:
    assert "ORD-58295" in talk("Where is ORD-58294?", "And ORD-58295?", "When will it come?")[-1]


def test_the_same_contents_always_give_the_same_step() -> None:
    contents = [said("Where is my order ORD-58291?")]
    assert decide(contents) == decide(contents) == Call("track_order", {"order_id": "ORD-58291"})
    assert isinstance(decide([]), Say)


def test_only_the_customers_texts_are_messages() -> None:
    contents = [
        types.Content(role="user", parts=[types.Part(text="two "), types.Part(text="parts")]),
        said("hello", "model"),
        brought("track_order", {"order_id": "ORD-58291"}),
        types.Content(role="user", parts=None),
        said("more"),
    ]
    assert customer_messages(contents) == ["two parts", "more"]


def test_orders_have_an_edge_on_both_sides() -> None:
    assert orders.find("ORD-58290") is not None
    assert orders.find("ORD-58399") is not None
    assert orders.find("ORD-58289") is orders.find("ORD-58400") is orders.find("58291") is None
    found = orders.find(" ord-58291 ")
    assert found is not None
    assert found.delivery == "April 8th"


def test_the_witness_speaks_the_language_of_the_records() -> None:
    draw = random.Random(20261107)
    alphabet = 'aZ0 \t\n\u00a0éआ🪔"\\'
    for _ in range(200):
        texts = ["".join(draw.choices(alphabet, k=draw.randint(0, 12))) for _ in range(4)]
        assert [witness.digest(text) for text in texts] == [records.digest(text) for text in texts]
        shown = [records.digest(text) for text in texts]
        assert witness.testimony(texts) == [4, records.chain(shown)]
    assert witness.testimony([]) == [0, records.chain([])]


def test_the_witness_tells_order_and_number_apart() -> None:
    chains = {str(witness.testimony(list(shown))[1]) for shown in ("ab", "ba", "a", "aab", "")}
    assert len(chains) == 5


SCRIPTS = [(name, language) for name, j in shopmax().journeys.items() for language in j.languages]
SAME_THING = {
    "change_delivery": r"ORD-58\d{3}",
    "return": r"RET-58\d{3}",
    "payment_failed": r"₹\d+",
    "coupon_cashback": r"₹\d+.*(DIWALI|SHUBH|DIYA)|(DIWALI|SHUBH|DIYA).*₹\d+",
    "gift_order": r"₹49",
    "complaint": r"CMP-58\d{3}",
    "where_is_my_order": r"ORD-58\d{3}",
    "product_question": r"10",
}


@pytest.mark.parametrize(("journey", "language"), SCRIPTS)
def test_every_journey_is_answered_to_the_point_and_in_the_customers_language(
    journey: str, language: str
) -> None:
    lines = shopmax().journeys[journey].languages[language]
    said = shopmax().messages(journey, language, len(lines.follow_ups) + 1, random.Random(5))
    replies = talk(*said)
    assert re.search(SAME_THING[journey], replies[0])
    for message, reply in zip(said, replies, strict=True):
        assert intents.language(message) == language, message
        assert bool(re.search("[\u0900-\u097f]", reply)) == (language == "hi"), reply
        assert "ORD-58291" not in reply, f"{message!r} was not understood: {reply!r}"


@pytest.mark.parametrize(
    "opening", ["मेरा ऑर्डर ORD-58291 कहाँ है?", "Mera order ORD-58291 kahan hai?"]
)
def test_the_founding_order_arrives_on_april_8th_in_every_language(opening: str) -> None:
    question = "कब तक पहुँचेगा?" if "मेरा" in opening else "Kab tak aa jayega?"
    assert "April 8th" in talk(opening, question)[1]


def test_a_complaint_goes_up_one_level_with_every_word() -> None:
    complaint = [
        "I have a complaint about ORD-58300.",
        "That does not help me.",
        "Get me your manager.",
    ]
    first, second, third = talk(*complaint)
    assert "our care team" in first
    assert "a supervisor" in second
    assert "the regional manager" in third


def test_a_refund_depends_on_earlier_turns() -> None:
    question = "How long does the refund take?"
    assert "RET-58292" in talk("I want to return ORD-58292", question)[1]
    assert "PAY-58292" in talk("Payment for ORD-58292 failed", question)[1]


def test_an_unknown_coupon_is_not_found() -> None:
    assert "No coupon DIWALI99" in talk("My coupon DIWALI99 did not work on ORD-58300")[0]


def test_a_message_without_an_intent_continues_the_last_topic() -> None:
    assert "Sunday" in talk("ORD-58300 ki delivery Sunday ko badal do", "Haan theek hai na?")[0]
    assert intents.topic(["I want to return ORD-58300", "Yes, please."]) == "return"
