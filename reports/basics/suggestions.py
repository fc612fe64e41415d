"""Suggestions for a mistyped name: "did you mean x?"."""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str], most: int = 1, likeness: float = 0.6) -> list[str]:
    """The known names that are most like `word`, the best first.

    At most `most` names, each with a similarity of at least `likeness` (0 to 1).
    """
    # Imported only now: `diya --help` makes no suggestion.
    from difflib import get_close_matches

    return get_close_matches(word, list(known), n=most, cutoff=likeness)


def did_you_mean(word: str, known: Iterable[str], most: int = 1) -> str:
    """` (did you mean x or y?)` for the end of a sentence; empty when nothing is similar."""
    names = closest(word, known, most)
    return f" (did you mean {' or '.join(names)}?)" if names else ""


def nearest(word: str, known: Iterable[str], most: int = 1) -> str:
    """As `did_you_mean`; the list of all known names when nothing is similar."""
    names = list(known)
    if not names:
        return ""
    return did_you_mean(word, names, most) or f" (there are {', '.join(names)})"
