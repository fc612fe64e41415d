"""Which tool, or which other agent, a message fits best."""

from __future__ import annotations

import re
from functools import lru_cache

from target_service.stand_in.call import Call

_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(
    (
        *("about", "agent", "agents", "also", "answer", "call", "customer", "customers", "does"),
        *("from", "given", "handle", "handles", "have", "help", "helps", "into", "make", "must"),
        *("please", "return", "returns", "tell", "that", "them", "then", "there", "this", "tool"),
        *("used", "user", "users", "what", "when", "where", "which", "will", "with", "your"),
    )
)
_STEM = 5
"""Letters by which words are compared: `tracking` fits `track`."""
_TARGET = re.compile(r"^Agent name: (\S+)\nAgent description: (.*)$", re.MULTILINE)
_PARENT = re.compile(r"transfer to your parent agent (\S+?)\.?$", re.MULTILINE)
_SELF = re.compile(r'The description about you is "([^"]*)"')


def stems(text: str) -> frozenset[str]:
    """The beginnings of the words that say something."""
    words = (each.lower() for each in _WORD.findall(text.replace("_", " ")))
    return frozenset(each[:_STEM] for each in words if each not in _COMMON)


_known_stems = lru_cache(maxsize=4096)(stems)
"""For descriptions, which come back with each call."""


def fit(message: frozenset[str], description: str) -> int:
    """How many words of the message a description has."""
    return len(message & _known_stems(description))


class Team:
    """The agents to which an agent may pass a message on, as ADK describes them to the model."""

    def __init__(self, call: Call) -> None:
        self.parent = (_PARENT.findall(call.system) or [""])[-1]
        self.descriptions = dict(_TARGET.findall(call.system))
        self.own = (_SELF.findall(call.system) or [""])[-1]
