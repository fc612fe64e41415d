"""The answers of probes in sentences and records."""

from __future__ import annotations

import pytest

from chaos.experiment.answer_text import answer_text, cut

pytestmark = pytest.mark.unit


def test_the_headers_of_an_http_answer_are_left_out() -> None:
    headers = {"set-cookie": "session=s3cret", "server": "uvicorn"}
    told = answer_text({"status": 200, "headers": headers, "body": {"ok": True}})
    assert told == "{'status': 200, 'body': {'ok': True}}"


@pytest.mark.parametrize("answer", [{"status": 0, "stdout": "7\n", "stderr": ""}, 3, None, "up"])
def test_any_other_answer_is_told_whole(answer: object) -> None:
    assert answer_text(answer) == repr(answer)


def test_a_long_answer_is_marked_as_cut() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
