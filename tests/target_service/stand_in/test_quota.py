"""The quota of the stand-in: requests and tokens over a sliding minute."""

from __future__ import annotations

from typing import Any

import pytest

from target_service.stand_in.call import Call
from target_service.stand_in.quota import Limits, SlidingQuota, parse


def call(tokens: int = 100) -> Call:
    return Call("openai", "gpt-4o-mini", False, (), (), "auto", None, "", "diya-r01", tokens)


def test_so_many_requests_a_minute_are_admitted_and_the_next_one_is_told_when() -> None:
    quota = SlidingQuota(Limits(3))
    assert [quota.admit(call(), now) for now in (0.0, 10.0, 20.0)] == [None] * 3
    refused = quota.admit(call(), 30.0)
    assert refused is not None
    assert (refused.refused, refused.quota_value) == ("requests", 3)
    assert refused.retry_after_s == pytest.approx(30.0)


def test_the_minute_slides() -> None:
    quota = SlidingQuota(Limits(3))
    for now in (0.0, 10.0, 20.0):
        quota.admit(call(), now)
    assert quota.admit(call(), 59.9) is not None
    assert quota.admit(call(), 60.1) is None
    assert quota.admit(call(), 60.2) is not None
    assert quota.admit(call(), 70.1) is None


def test_a_refused_call_does_not_use_the_quota_up() -> None:
    quota = SlidingQuota(Limits(1))
    quota.admit(call(), 0.0)
    assert all(quota.admit(call(), now) for now in (1.0, 30.0, 59.0))
    assert quota.admit(call(), 60.0) is None


def test_tokens_are_refused_before_requests_are_used_up() -> None:
    quota = SlidingQuota(Limits(1000, tokens=250))
    assert quota.admit(call(100), 0.0) is None
    assert quota.admit(call(100), 5.0) is None
    refused = quota.admit(call(100), 6.0)
    assert refused is not None
    assert (refused.refused, refused.quota_value) == ("tokens", 250)
    assert refused.retry_after_s == pytest.approx(54.0)
    assert quota.admit(call(50), 6.0) is None


def test_a_call_larger_than_the_whole_quota_waits_for_an_empty_minute() -> None:
    quota = SlidingQuota(Limits(1000, tokens=250))
    refused = quota.admit(call(300), 0.0)
    assert refused is not None
    assert refused.retry_after_s == 60.0


@pytest.mark.parametrize(("counts", "admitted"), [("all", False), ("input", True)])
def test_tokens_of_answers_count_where_the_quota_says_so(counts: Any, admitted: bool) -> None:
    quota = SlidingQuota(Limits(1000, tokens=250, counts=counts))
    quota.admit(call(100), 0.0)
    quota.answered(100, 1.0)
    assert (quota.admit(call(100), 2.0) is None) is admitted


def test_a_load_of_half_the_size_has_half_of_the_quota() -> None:
    quota = SlidingQuota(Limits(4, factor=0.5))
    assert [quota.admit(call(), now) is None for now in (0.0, 0.1, 0.2)] == [True, True, False]


def test_a_load_played_in_less_time_has_a_shorter_window() -> None:
    quota = SlidingQuota(Limits(120, window_s=1.0))
    assert [quota.admit(call(), now) is None for now in (0.0, 0.1, 0.2)] == [True, True, False]
    refused = quota.admit(call(), 0.3)
    assert refused is not None
    assert refused.quota_value == 120
    assert refused.retry_after_s == pytest.approx(0.7)
    assert quota.admit(call(), 1.05) is None


def test_every_call_is_admitted_until_a_quota_is_set_and_after_it_is_lifted() -> None:
    quota = SlidingQuota()
    assert all(quota.admit(call(10**6), 0.0) is None for _ in range(100))
    quota.set({"requests": 1})
    assert quota.admit(call(), 0.0) is None
    assert quota.admit(call(), 0.0) is not None
    quota.set({})
    assert quota.admit(call(), 0.0) is None


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("500", Limits(500)),
        ("500,200000", Limits(500, 200_000)),
        ("10,250000,input", Limits(10, 250_000, "input")),
    ],
)
def test_a_quota_is_read_from_a_text(text: str, limits: Limits) -> None:
    assert parse(text) == limits


@pytest.mark.parametrize("text", ["", "0", "-5", "many", "5,", "5,0", "5,6,input,7", "1.5"])
def test_a_text_that_is_no_quota_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be RPM\[,TPM\[,input\]\], whole numbers above 0"):
        parse(text)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"rpm": 5}, "rpm: must be one of requests, tokens"),
        ({"requests": 0}, "requests: must be a whole number from 1 to .*, got 0"),
        ({"requests": 5, "tokens": "many"}, "tokens: must be a whole number .*, got 'many'"),
        ({"requests": 5, "counts": "output"}, "counts: must be input or all, got 'output'"),
        ({"requests": 5, "window_s": 0}, "window_s: must be a number above 0, at most 60, got 0"),
        ({"requests": 5, "factor": True}, "factor: must be a number above 0"),
    ],
)
def test_limits_that_cannot_be_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SlidingQuota().set(values)
