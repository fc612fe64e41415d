"""What customers talk about.  A journey is data: how it opens and how it goes on.

The opening names the order or the product; everything after it leans on that context, so that an
agent that lost the conversation gives itself away.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

ORDERS = [f"ORD-{number}" for number in range(58290, 58400)]
"""The orders that the reference agent knows."""

PRODUCTS = [
    "the Boat Rockerz 450 headphones",
    "the Prestige 3-litre pressure cooker",
    "the Redmi Note 14",
    "a Banarasi silk saree",
    "the brass diya set of 12",
    "the Milton 1-litre flask",
]


@dataclass(frozen=True, slots=True)
class Journey:
    """One reason to write to customer service."""

    openings: tuple[str, ...]
    """First messages; `{order}` and `{product}` are filled in."""
    follow_ups: tuple[str, ...]
    """Later messages: they name nothing."""


JOURNEYS: dict[str, Journey] = {
    "where_is_my_order": Journey(
        openings=(
            "Where is my order {order}?",
            "Hi, mera order {order} kahan hai?",
            "I want to track order {order}.",
            "{order} still not delivered, please check status.",
        ),
        follow_ups=(
            "And when will it arrive?",
            "Which courier is bringing it?",
            "Kab tak aa jayega exactly?",
            "Will it reach before Diwali?",
            "Has it left the warehouse already?",
            "Which city is it in right now?",
            "Theek hai, and what is its status now?",
        ),
    ),
    "change_delivery": Journey(
        openings=(
            "I need to change the delivery of order {order}.",
            "Order {order} ka delivery date change karna hai.",
            "Nobody is home this week, can you reschedule {order}?",
        ),
        follow_ups=(
            "Please make it two days later.",
            "Can they deliver in the evening instead?",
            "Leave it with the security guard, please.",
            "What is the new date now?",
            "Address same hi rahega, right?",
            "Is there any charge for this change?",
            "Please confirm it once more.",
        ),
    ),
    "return": Journey(
        openings=(
            "I want to return order {order}.",
            "{order} ka size galat hai, return karna hai.",
            "The item in order {order} came damaged, I want a return.",
        ),
        follow_ups=(
            "When will the pickup happen?",
            "How long does the refund take?",
            "Refund same account mein aayega na?",
            "Do I need the original box?",
            "Can I get a replacement instead?",
            "What is the return number?",
            "Okay, has the return been started?",
        ),
    ),
    "payment_failed": Journey(
        openings=(
            "Payment failed for order {order} but money is deducted.",
            "UPI se paisa kat gaya but {order} shows payment pending.",
            "My card was charged twice for {order}.",
        ),
        follow_ups=(
            "When do I get the money back?",
            "Is the order still confirmed?",
            "Bank bol raha hai aapki side se issue hai.",
            "Should I pay again?",
            "Can you check it once more?",
            "Will the sale price stay the same?",
            "Please tell me the status of it now.",
        ),
    ),
    "product_question": Journey(
        openings=(
            "Is {product} part of the Diwali sale?",
            "Bhaiya, {product} pe kitna discount hai?",
            "I am looking at {product}. Is it in stock?",
            "I bought {product} before in {order}, does it come in other colours?",
        ),
        follow_ups=(
            "Does it have a warranty?",
            "How soon can you deliver it to Pune?",
            "Cash on delivery available hai kya?",
            "Can I return it if I do not like it?",
            "Is there a bank offer on it?",
            "Kya isme EMI option hai?",
            "And what does it cost after the discount?",
        ),
    ),
}


def messages(journey: str, turns: int, rng: random.Random) -> tuple[str, ...]:
    """The customer's `turns` messages.  Raises KeyError for an unknown journey."""
    script = JOURNEYS[journey]
    opening = rng.choice(script.openings).format(
        order=rng.choice(ORDERS), product=rng.choice(PRODUCTS)
    )
    follow_ups: list[str] = []
    while len(follow_ups) < turns - 1:
        # All of them once before any comes again, as a person would.
        follow_ups += rng.sample(script.follow_ups, len(script.follow_ups))
    return (opening, *follow_ups[: turns - 1])
