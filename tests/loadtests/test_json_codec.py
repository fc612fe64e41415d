from __future__ import annotations

import math

import pytest

from loadtests.adk.json_codec import not_json, parsed, to_bytes


def test_a_value_is_read_back_as_it_was_written() -> None:
    value = {"text": "Kab aayega? ₹", "number": 1, "share": 0.5, "none": None, "list": [True]}
    assert parsed(to_bytes(value)) == value


def test_json_written_by_python_is_read_even_if_it_is_not_strict() -> None:
    assert math.isnan(parsed(b'{"score": NaN}')["score"])
    assert parsed(rb'["\ud83d"]') == ["\ud83d"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[", b'"\xff"'])
def test_text_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed(body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"oops", "the reply is not JSON"),
        (b"<p>no page</p>", "the reply is not JSON"),
        (b"<html><body>hello</body></html>", "the reply is an HTML page, not JSON"),
        (
            b"<!-- a -->\n<!DOCTYPE html><html><title>\n Sign  in &amp; go</title>",
            'the reply is an HTML page, titled "Sign in & go", not JSON',
        ),
    ],
)
def test_an_answer_that_is_not_json_is_told_with_the_title_of_its_page(
    body: bytes, told: str
) -> None:
    assert not_json("the reply", body) == told
