"""Quotas of requests and tokens a minute: those of public tiers, and the user's own."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from reports.basics.suggestions import nearest

FILE = Path(__file__).with_name("presets.toml")
"""The public tiers, with the day and the source of the figures."""
MOST = 10**9
_OWN = re.compile(r"(\d{1,10})(?:,(\d{1,10}))?(?:,(input))?")

Counts = Literal["input", "all"]


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota."""

    name: str
    requests: int
    """Calls a minute."""
    tokens: int | None
    """Tokens a minute; None: any number."""
    counts: Counts
    """The tokens that count: `input`, those of prompts, or `all`, those of answers too."""

    @property
    def words(self) -> str:
        """The limits in a sentence."""
        requests = f"{self.requests:,} requests"
        if self.tokens is None:
            return f"{requests} a minute"
        return (
            f"{requests} and {self.tokens:,} {'input ' * (self.counts == 'input')}tokens a minute"
        )


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers of one model, from the smallest to the largest."""

    model: str
    dialect: str
    """The API at which it is called, as in the log of the calls."""
    tiers: tuple[Quota, ...]
    title: str
    """The title of the page that tells the figures."""
    source: str
    """Its address."""


@dataclass(frozen=True, slots=True)
class Presets:
    """All public tiers of the file."""

    date: date
    """The day on which the figures were put down."""
    ladders: tuple[Ladder, ...]

    def named(self) -> dict[str, Quota]:
        """Name -> quota, as `gemini-2.5-flash-tier-1`."""
        return {quota.name: quota for ladder in self.ladders for quota in ladder.tiers}


@cache
def presets() -> Presets:
    """The public tiers that come with diya."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Presets(document["date"], tuple(_ladder(model) for model in document["model"]))


def _ladder(model: dict[str, Any]) -> Ladder:
    name, counts = model["name"], model["counts"]
    tiers = (
        Quota(f"{name}-{tier}", limits["requests"], limits["tokens"], counts)
        for tier, limits in model["tiers"].items()
    )
    return Ladder(name, model["dialect"], tuple(tiers), model["title"], model["source"])


def read(text: str) -> Quota:
    """The quota of `--quota PRESET|RPM[,TPM[,input]]`.  Raises ValueError, one sentence."""
    known = presets().named()
    if text in known:
        return known[text]
    found = _OWN.fullmatch(text)
    if found is None:
        raise ValueError(
            f"must be RPM[,TPM[,input]] or a public tier, got {text!r}{nearest(text, known)}"
        )
    requests, tokens = int(found[1]), None if found[2] is None else int(found[2])
    if not 1 <= requests <= MOST or (tokens is not None and not 1 <= tokens <= MOST):
        raise ValueError(f"must have whole numbers from 1 to {MOST}, got {text!r}")
    return Quota(text, requests, tokens, "input" if found[3] else "all")
