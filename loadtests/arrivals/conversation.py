"""The plan of one conversation: user, messages, pauses, and end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from loadtests.arrivals.seeds import derive
from loadtests.profiles.journeys import Book, shopmax
from loadtests.profiles.model import Conversation
from loadtests.profiles.profile import Profile
from reports.records import Arrival


class Ending(StrEnum):
    """The planned end of a conversation."""

    COMPLETE = "complete"
    ABANDONED = "abandoned"
    """The customer leaves in the middle; the session is never resumed or deleted."""
    DELETED = "deleted"
    """The customer deletes the session after the last turn."""


@dataclass(frozen=True, slots=True)
class ConversationPlan:
    """The plan of a conversation."""

    index: int
    journey: str
    user: str
    session: str
    language: str
    messages: tuple[str, ...]
    """One per planned turn, at least one."""
    think_seconds: tuple[float, ...]
    """Real seconds between a reply and the next message, one less than the messages."""
    streaming: bool
    ending: Ending
    seed: int
    """Seeds the random choices during the conversation (the jitter of retries)."""


def turn_id(conversation: int, turn: int) -> str:
    """The identity of a turn, the same for all its attempts; sessions are unique in the run."""
    return f"c{conversation}t{turn}"


def plan(
    profile: Profile, arrival: Arrival, run_id: str, book: Book | None = None
) -> ConversationPlan:
    """The conversation of `arrival`: a pure function of its arguments.

    `book` holds the journeys, ShopMax's when None.

    User and session are unique over all runs, so that a new run never meets an old session.
    """
    talk = profile.conversation
    rng = random.Random(derive(arrival.seed, "conversation"))
    if arrival.sliding:
        turns, ending = profile.sliding_ttl().turns, Ending.COMPLETE
    else:
        turns, ending = _length(talk, rng)
    book = shopmax() if book is None else book
    language = book.language(arrival.journey, talk.languages, rng)
    return ConversationPlan(
        index=arrival.index,
        journey=arrival.journey,
        user=f"customer-{run_id}-{arrival.index}",
        session=f"chat-{run_id}-{arrival.index}",
        language=language,
        messages=book.messages(arrival.journey, language, turns, rng),
        think_seconds=(
            profile.sliding_ttl().draw(profile.real_ttl_seconds, rng)
            if arrival.sliding
            else _pauses(profile, turns - 1, rng)
        ),
        streaming=rng.random() < talk.stream_share,
        ending=ending,
        seed=derive(arrival.seed, "retries"),
    )


def _length(talk: Conversation, rng: random.Random) -> tuple[int, Ending]:
    """The number of turns, and the end of the conversation."""
    turns, ending = 1, Ending.COMPLETE
    # After each turn the customer gives up, is satisfied, or writes again.
    while turns < talk.max_turns:
        if rng.random() < talk.abandon_share:
            ending = Ending.ABANDONED
            break
        if rng.random() < 1 / talk.mean_turns:
            break
        turns += 1
    if ending is Ending.COMPLETE and rng.random() < talk.delete_share:
        ending = Ending.DELETED
    return turns, ending


WITHIN_TTL = (0.4, 0.6)
AFTER_TTL = (1.15, 1.5)
"""Pauses of customers who return within the TTL, or after it; multiples of the TTL."""


def _pauses(profile: Profile, count: int, rng: random.Random) -> tuple[float, ...]:
    """Real seconds between a reply and the next message."""
    talk, ttl = profile.conversation, profile.real_ttl_seconds
    if talk.gaps_at_ttl:
        return tuple(ttl * rng.choice(talk.gaps_at_ttl) for _ in range(count))
    pauses = [
        talk.think_median * rng.lognormvariate(0.0, talk.think_sigma) / profile.compression
        for _ in range(count)
    ]
    leaves = rng.random()
    if pauses and leaves < talk.return_within_ttl + talk.return_after_ttl:
        stays_away = WITHIN_TTL if leaves < talk.return_within_ttl else AFTER_TTL
        pauses[rng.randrange(count)] = ttl * rng.uniform(*stays_away)
    return tuple(pauses)
