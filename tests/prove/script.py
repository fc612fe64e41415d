"""The customers' messages, and the answers of an undisturbed service."""

from __future__ import annotations

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.prove import customer
from tests.prove.customer import Events, Turn
from tests.prove.proof_fleet import Replica

SCRIPTS = 6
LENGTH = 10


@dataclass(frozen=True)
class Reference:
    """A script, played without faults."""

    history: Events
    seconds: tuple[float, ...]
    """How long each turn took."""


def texts(script: int) -> tuple[str, ...]:
    """The customer's messages: with and without tools, in more than one alphabet."""
    first, second = 58291 + script, 58340 + script
    return (
        f"Where is my order ORD-{first}?",
        "When will it arrive?",
        "Please change the delivery to Saturday evening",
        "₹499 was debited twice, what about my payment?",
        "Is the warranty two years?",
        "It came damaged, I want a refund",
        f"नमस्ते! And where is ORD-{second}? 🪔",
        "kab aayega?",
        f"Back to ord-{first}, please: when?",
        "Dhanyavaad, thanks",
    )


def references(replicas: list[Replica], draw: random.Random) -> list[Reference]:
    """Each script once, undisturbed.  Raises Stuck when even that fails."""
    with ThreadPoolExecutor(SCRIPTS) as pool:
        seeds = [draw.random() for _ in range(SCRIPTS)]
        return list(pool.map(lambda n: _play(replicas, n, random.Random(seeds[n])), range(SCRIPTS)))


def _play(replicas: list[Replica], script: int, draw: random.Random) -> Reference:
    user, session = f"reference-{uuid.uuid4().hex[:8]}", "s"
    customer.create(replicas, user, session, draw)
    seconds = []
    for number, text in enumerate(texts(script)):
        start = time.monotonic()
        customer.ask(draw.choice(replicas), Turn(user, session, f"t{number}", text))
        seconds.append(time.monotonic() - start)
    return Reference(customer.history(replicas[0], user, session), tuple(seconds))
