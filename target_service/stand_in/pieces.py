"""A text in the pieces in which a model streams it."""

from __future__ import annotations

from collections.abc import Iterator


def pieces(text: str, words_per_piece: int) -> Iterator[str]:
    """Pieces of this many words; joined they are the text, character by character."""
    words = text.split(" ")
    for start in range(0, len(words), words_per_piece):
        piece = " ".join(words[start : start + words_per_piece])
        last = start + words_per_piece >= len(words)
        if piece or not last:
            yield piece if last else piece + " "


def half(text: str) -> str:
    """The first half of a text, which breaks off in mid-word."""
    return text[: len(text) // 2]
