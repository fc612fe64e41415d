"""A text that a regular expression matches."""

from __future__ import annotations

import importlib
import random
import re
import string
import warnings
from functools import lru_cache
from typing import Any

from target_service.stand_in.replies.errors import Unsatisfiable

_parser: Any = importlib.import_module("re._parser")
"""Python's own parser of patterns, which has no public name."""
_ALPHABET = string.ascii_letters + string.digits + "-_ .,:;!?@#/+*=()[]{}<>|~^%&$'\"\\`\t\néß"
_PLAIN = string.ascii_letters + string.digits
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_MORE = (3, 2, 1, 0, 4, 5, 6, 8, 12, 16, 24, 32)
"""How often to repeat beyond the minimum, in the order in which it is tried."""
_RANDOM_TRIES = 300
_SURROGATES = range(0xD800, 0xE000)


def matching(pattern: str, low: int, high: int, rng: random.Random) -> str:
    """A text of `low` to `high` characters in which `pattern` is found.

    Raises Unsatisfiable when none is found, or when Python cannot read the pattern.
    """
    try:
        tree, compiled = _parsed(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Unsatisfiable(f"the pattern {pattern!r} is not understood: {error}") from None
    tries: list[int | None] = [*_MORE, low, max(0, low - 1)]
    tries += [None] * _RANDOM_TRIES
    for more in tries:
        text = _Writer(rng, more, min(high, low + 40)).sequence(tree)
        if len(text) < low:
            text += "".join(rng.choice(_PLAIN) for _ in range(low - len(text)))
        if low <= len(text) <= high and compiled.search(text):
            return text
    raise Unsatisfiable(f"no text of {low} to {high} characters was found for {pattern!r}")


@lru_cache(maxsize=1024)
def _parsed(pattern: str) -> tuple[Any, re.Pattern[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sets that a later Python may read otherwise
        return _parser.parse(pattern), re.compile(pattern)


class _Writer:
    """Writes one text; `more` repetitions beyond each minimum, at random up to `most` for None."""

    def __init__(self, rng: random.Random, more: int | None, most: int) -> None:
        self._rng, self._more, self._most = rng, more, most
        self._groups: dict[int, str] = {}

    def sequence(self, nodes: Any) -> str:
        return "".join(self._node(str(kind), value) for kind, value in nodes)

    def _node(self, kind: str, value: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL":
                return self._rng.choice([each for each in _ALPHABET if ord(each) != value])
            case "ANY":
                return self._rng.choice(_PLAIN)
            case "IN":
                return self._member(value)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeated(*value)
            case "SUBPATTERN":
                group, _, _, inner = value
                text = self.sequence(inner)
                if group is not None:
                    self._groups[group] = text
                return text
            case "ATOMIC_GROUP":
                return self.sequence(value)
            case "BRANCH":
                return self.sequence(self._rng.choice(value[1]))
            case "GROUPREF":
                return self._groups.get(value, "")
            case "GROUPREF_EXISTS":
                group, yes, no = value
                return self.sequence(yes if group in self._groups else no or ())
            case _:  # anchors and looking around: the text is checked as a whole
                return ""

    def _repeated(self, low: int, high: Any, inner: Any) -> str:
        span = max(0, min(int(high) - low, self._most))
        more = self._rng.randint(0, span) if self._more is None else min(span, self._more)
        return "".join(self.sequence(inner) for _ in range(low + more))

    def _member(self, members: Any) -> str:
        if str(members[0][0]) == "NEGATE":
            allowed = [each for each in _ALPHABET if not _is_in(each, members[1:])]
            return self._rng.choice(allowed) if allowed else ""
        kind, value = self._rng.choice(members)
        match str(kind):
            case "LITERAL":
                return chr(value)
            case "RANGE":
                code = self._rng.randint(*value)
                return chr(value[0] if code in _SURROGATES else code)
            case _:
                return self._rng.choice(
                    [each for each in _ALPHABET if _is_in(each, [(kind, value)])]
                )


def _is_in(character: str, members: Any) -> bool:
    for kind, value in members:
        match str(kind):
            case "LITERAL" if ord(character) == value:
                return True
            case "RANGE" if value[0] <= ord(character) <= value[1]:
                return True
            case "CATEGORY" if re.fullmatch(_CATEGORIES[str(value)], character):
                return True
    return False
