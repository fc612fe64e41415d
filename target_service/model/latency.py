"""The scripted model's latency: pure, so that the simulation draws the same.

The time to the first token is lognormal around a median; then text flows at a steady rate.  The
contents seed the draw, so that the same turn takes the same time on every replica.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

SIGMA = 0.3
"""The standard deviation of the logarithm of the time to the first token."""
WORDS_PER_CHUNK = 4
"""Words in one part of a streamed reply."""


def first_token_s(chain: str, contents: int, median_s: float) -> float:
    """Seconds to the first token of a call.

    `chain` is the witness of the customer's messages, `contents` the number of contents that the
    model is shown.
    """
    draw = random.Random(f"{chain}/{contents}")
    return median_s * draw.lognormvariate(0.0, SIGMA)


def text_s(words: int, tokens_per_s: float) -> float:
    """Seconds in which a whole reply of this many words flows."""
    return words / tokens_per_s


def chunk_s(tokens_per_s: float) -> float:
    """Seconds after each chunk of a streamed reply."""
    return WORDS_PER_CHUNK / tokens_per_s


def streamed_s(words: int, tokens_per_s: float) -> float:
    """Seconds in which a streamed reply of this many words flows, chunk by chunk."""
    return math.ceil(words / WORDS_PER_CHUNK) * chunk_s(tokens_per_s)


def chunks(text: str) -> Iterator[str]:
    """The parts of a streamed reply."""
    words = text.split(" ")
    for start in range(0, len(words), WORDS_PER_CHUNK):
        chunk = " ".join(words[start : start + WORDS_PER_CHUNK])
        yield chunk if start + WORDS_PER_CHUNK >= len(words) else chunk + " "
