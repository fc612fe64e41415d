"""Thought signatures that come back: as they were issued, or changed."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from target_service.stand_in import signatures
from target_service.stand_in.call import Item

ISSUED = signatures.issue("seed", "track")
CALLED = Item("model", "call", name="track", value={}, signature=ISSUED)


def test_a_signature_that_was_issued_is_known_again() -> None:
    assert signatures.count([CALLED]) == (1, 0)


def test_a_signature_for_urls_and_without_padding_is_the_same() -> None:
    raw = base64.b64decode(ISSUED)
    for text in (base64.urlsafe_b64encode(raw).decode(), ISSUED.rstrip("=")):
        assert signatures.count([replace(CALLED, signature=text)]) == (1, 0)


@pytest.mark.parametrize(
    "text",
    [
        ISSUED[:-8],
        "A" + ISSUED[1:] if ISSUED[0] != "A" else "B" + ISSUED[1:],
        base64.b64encode(ISSUED.encode()).decode(),
        "not base64 at all",
        "é",
    ],
)
def test_a_signature_that_was_changed_is_found(text: str) -> None:
    assert signatures.count([replace(CALLED, signature=text)]) == (0, 1)


def test_a_signature_of_another_tool_is_a_changed_one() -> None:
    assert signatures.count([replace(CALLED, name="refund")]) == (0, 1)


def test_parts_without_a_signature_do_not_count() -> None:
    assert signatures.count([Item("user", "text", text="x"), CALLED]) == (1, 0)
