"""How long the model takes: a lognormal time to the first token, then a steady flow of tokens."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


class LatencyError(ValueError):
    """A latency that cannot be used; the message is one sentence without the option's name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long one reply takes."""

    first_token_s: float
    """Seconds from the request to the first token."""
    token_s: float
    """Seconds a token after that."""
    tokens: int

    @property
    def took_s(self) -> float:
        """Seconds from the request to the last token."""
        return self.first_token_s + self.token_s * self.tokens

    def after(self, tokens: int) -> float:
        """Seconds from the request until this many tokens are out."""
        return self.first_token_s + self.token_s * min(tokens, self.tokens)

    def slower(self, factor: float) -> Plan:
        """The same reply, `factor` times as slow."""
        return Plan(self.first_token_s * factor, self.token_s * factor, self.tokens)


@dataclass(frozen=True, slots=True)
class Latency:
    """The latency of a model."""

    first_token_s: float
    """The median, seconds; 0: at once."""
    tokens_per_s: float
    """Infinite: at once."""
    sigma: float
    """The standard deviation of the logarithm of the time to the first token."""

    def plan(self, seed: str, tokens: int) -> Plan:
        """How long a reply of this many tokens takes; the same seed draws the same time."""
        draw = random.Random(seed).lognormvariate(0.0, self.sigma) if self.sigma else 1.0
        return Plan(self.first_token_s * draw, 1.0 / self.tokens_per_s, tokens)


def recorded(first_token_s: float, whole_s: float, tokens: int) -> Plan:
    """The plan of a reply that a real model gave in this time."""
    flow = max(0.0, whole_s - first_token_s)
    return Plan(first_token_s, flow / tokens if tokens else 0.0, tokens)


@dataclass(frozen=True, slots=True)
class Preset:
    """A latency that somebody measured, or that we chose."""

    latency: Latency
    source: str
    """The source of the measurement, and its date."""


_SIGMA = 0.4
"""The sources give medians only; public measurements scatter with a sigma of 0.3 to 0.6."""
_BENCHLM = "medians of Artificial Analysis, shown by benchlm.ai/llm-speed on 2026-04-07"
_INDUWARA = (
    "medians of Artificial Analysis, shown by induwara.lk/tools/ai-llm-speed-comparison "
    "on 2026-06-24"
)
_MODELSTATS = "averages of modelstats.ai/blog/llm-speed-comparison-2026, of 2026 without a day"

PRESETS = {
    "none": Preset(Latency(0.0, math.inf, 0.0), "no waiting, to measure all the rest"),
    "quick": Preset(Latency(0.06, 600.0, 0.3), "diya's own default for its scripted model"),
    "gemini-2.5-flash": Preset(Latency(0.54, 221.0, _SIGMA), _BENCHLM),
    "gemini-3-flash": Preset(Latency(0.50, 200.0, _SIGMA), _INDUWARA),
    "gpt-4.1-nano": Preset(Latency(0.63, 181.0, _SIGMA), _BENCHLM),
    "gpt-4o": Preset(Latency(0.45, 131.0, _SIGMA), _INDUWARA),
    "gpt-4o-mini": Preset(Latency(0.60, 33.0, _SIGMA), _MODELSTATS),
}
"""Name -> preset.  Each is one snapshot, and others differ from it by half or more."""


def parse(text: str) -> Latency:
    """A preset's name, or TTFT,TOKENS/S,SIGMA: seconds, tokens a second, and a number.

    Raises LatencyError.
    """
    if text in PRESETS:
        return PRESETS[text].latency
    try:
        first, rate, sigma = (float(each) for each in text.split(","))
    except ValueError:
        raise LatencyError(
            f"must be {', '.join(PRESETS)} or TTFT,TOKENS/S,SIGMA, got {text!r}"
        ) from None
    if not (0 <= first <= 600 and 0.1 <= rate <= 1e6 and 0 <= sigma <= 3):
        raise LatencyError(
            "must have 0 to 600 seconds, 0.1 to 1,000,000 tokens a second "
            f"and a sigma of 0 to 3, got {text!r}"
        )
    return Latency(first, rate, sigma)
