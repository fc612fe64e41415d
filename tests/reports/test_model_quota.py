"""The quota of the model: what a run needed of it, and whether it carries the sale."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import structs

from reports.checks.quota import check_quota
from reports.measures.model_quota.played import Played
from reports.measures.model_quota.presets import Quota, presets, read
from reports.measures.model_quota.usage import busiest, exceeded_at, first_over, usage
from reports.records import ModelCall, Status
from reports.records.history import History
from reports.records.model_calls import ModelCalls
from reports.records.run_description import ModelDescription
from tests.reports.a_run import Run


def call(t: float, *, prompt: int = 100, output: int = 20, refused: str | None = None) -> ModelCall:
    return ModelCall(
        t=t,
        done=t + 0.1,
        dialect="gemini",
        status=429 if refused else 200,
        prompt_tokens=prompt,
        output_tokens=0 if refused else output,
        refused=refused,
    )


def steady(rate: float, start: float, end: float) -> list[ModelCall]:
    """Calls at a constant rate a second."""
    return [call(start + number / rate) for number in range(int((end - start) * rate))]


def history(
    directory: Path,
    calls: Iterable[ModelCall],
    *,
    quota: str | None = None,
    factor: float | None = None,
) -> History:
    """A sound run of 60 s, 240 times compressed, with these calls of its model."""
    run = Run()
    run.sound()
    if factor is not None:
        run.sizing = {
            "mode": "given",
            "factor": factor,
            "cores": 2.0,
            "planned_peak_turns_per_s": 10.0,
            "peak_turns_per_s": 10.0 * factor,
        }
    read_back = run.history(directory)
    if quota is not None:
        model = ModelDescription(kind="stand-in", settings={"quota": quota})
        read_back.run = structs.replace(read_back.run, model=model)
    read_back.calls = ModelCalls(calls)
    return read_back


def test_every_public_tier_is_dated_and_has_a_source() -> None:
    shipped = presets()
    assert shipped.date.year >= 2026
    for ladder in shipped.ladders:
        assert ladder.source.startswith("https://")
        assert ladder.title
        assert ladder.dialect in ("gemini", "openai")


def test_each_tier_allows_at_least_as_much_as_the_one_before() -> None:
    for ladder in presets().ladders:
        limits = [(tier.requests, tier.tokens or 0) for tier in ladder.tiers]
        assert limits == sorted(limits), ladder.model


def test_a_tier_is_read_by_its_name() -> None:
    tier = read("gemini-2.5-flash-tier-1")
    assert (tier.requests, tier.tokens, tier.counts) == (1000, 1_000_000, "input")
    assert tier.words == "1,000 requests and 1,000,000 input tokens a minute"


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("500", Quota("500", 500, None, "all")),
        ("500,200000", Quota("500,200000", 500, 200_000, "all")),
        ("500,200000,input", Quota("500,200000,input", 500, 200_000, "input")),
    ],
)
def test_a_quota_of_the_user_is_read(text: str, quota: Quota) -> None:
    assert read(text) == quota


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gemini-2.5-flash-tier1", r"must be RPM.*\(did you mean gemini-2.5-flash-tier-1\?\)"),
        ("many", r"must be RPM\[,TPM\[,input\]\] or a public tier, got 'many' \(there are gemini"),
        ("0", "must have whole numbers from 1 to 1000000000, got '0'"),
        ("5,", "must be RPM"),
        ("-5", "must be RPM"),
    ],
)
def test_a_text_that_is_no_quota_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read(text)


def test_the_busiest_window_is_found() -> None:
    times = [0.0, 1.0, 1.1, 1.2, 6.0, 6.1]
    peak = busiest(times, None, 5.0)
    assert (peak.amount, peak.until) == (4, 1.2)
    heavy = busiest(times, [1, 1, 1, 1, 1, 100], 1.0)
    assert (heavy.amount, heavy.until) == (101, 6.1)


def test_the_moment_at_which_a_limit_is_exceeded_is_that_of_the_call_too_many() -> None:
    times = [0.0, 1.0, 2.0, 3.0, 7.0]
    assert first_over(times, None, 5.0, 3.0) == 3.0
    assert first_over(times, None, 5.0, 4.0) is None
    assert first_over(times, [10, 10, 10, 90, 10], 1.5, 99) == 3.0


def test_tokens_exceed_a_quota_before_its_requests_do() -> None:
    used = usage(ModelCalls(call(float(t), prompt=400, output=100) for t in range(10)), 0.0)
    assert exceeded_at(used, Quota("q", 8, None, "all"), 60.0, 1.0) == 8.0
    assert exceeded_at(used, Quota("q", 8, 2400, "all"), 60.0, 1.0) == 4.0
    assert exceeded_at(used, Quota("q", 8, 2400, "input"), 60.0, 1.0) == 6.0


def test_calls_of_the_rehearsal_are_not_counted() -> None:
    used = usage(ModelCalls([call(-3.0), call(2.0), call(-1.0)]), 0.0)
    assert list(used.t) == [2.0]


@pytest.mark.parametrize(
    ("compression", "factor", "requests", "seconds"),
    [
        (1.0, 1.0, 1000, 60.0),  # a run in real time: a minute
        (6.0, 1.0, 1000, 10.0),  # a sale minute
        (240.0, 1.0, 1000, 5.0),  # never shorter
        (240.0, 1.0, 60, 20.0),  # long enough for 20 calls
        (240.0, 0.5, 60, 40.0),
        (240.0, 0.5, 10, 60.0),  # never longer than a minute
    ],
)
def test_the_window_of_a_run(
    compression: float, factor: float, requests: int, seconds: float
) -> None:
    quota = Quota("q", requests, None, "all")
    assert Played(compression, factor).window_s(quota) == pytest.approx(seconds)


def test_a_run_without_a_log_of_calls_has_no_finding(tmp_path: Path) -> None:
    assert check_quota(history(tmp_path, [])) == []


def test_without_a_quota_the_smallest_tiers_that_carry_the_peak_are_named(tmp_path: Path) -> None:
    # 8 calls a second are 480 a minute; for 10 s there are 32 a second, 1,920 a minute.
    calls = steady(8, 0.0, 20.0) + steady(32, 20.0, 30.0) + steady(8, 30.0, 60.0)
    (found,) = check_quota(history(tmp_path, calls))
    assert (found.check, found.status, found.limit) == ("model.quota", Status.PASS, None)
    assert found.value == pytest.approx(1920)
    assert found.summary.startswith("The peak needs 1,920 requests and 230,400 tokens a minute")
    assert found.summary.endswith(": gemini-2.5-flash-tier-2 or higher")
    assert "in hold; over 5 s of the run, 20 min of the sale" in found.summary
    lines = {line.split(" ")[0]: line for line in found.evidence}
    assert lines["gemini-2.5-flash-tier-2"].endswith(": carries it")
    assert lines["gpt-4o-mini-tier-2"].endswith(": carries it")
    # 1,000 a minute are 83 in 5 s.
    assert lines["gemini-2.5-flash-tier-1"].endswith(": exceeded at 21.8 s, in hold")
    assert ": exceeded at 1" in lines["gemini-2.5-flash-free"]


def test_a_smaller_run_is_counted_at_the_size_of_the_sale(tmp_path: Path) -> None:
    (found,) = check_quota(history(tmp_path, steady(8, 0.0, 60.0), factor=0.25))
    assert found.value == pytest.approx(1920)
    assert "this run is 0.25 × the sale" in found.summary


def test_a_quota_that_refused_a_call_does_not_carry_the_sale(tmp_path: Path) -> None:
    calls = steady(8, 0.0, 60.0)
    calls += [call(30.0 + n, refused="requests") for n in range(3)] + [call(40, refused="tokens")]
    (found,) = check_quota(history(tmp_path, calls, quota="600,50000"))
    assert (found.status, found.value, found.limit) == (Status.FAIL, 4, 0)
    assert found.summary.startswith(
        "The quota of 600 requests and 50,000 tokens a minute does not carry the sale: 4 of 484 "
        "calls were refused, the first at 30.0 s, in hold (3 for requests and 1 for tokens). "
        "The peak asked, repeated calls included, for "
    )
    assert found.evidence[0] == "answered at most: 480 requests and 57,600 tokens a minute"


def test_a_quota_that_refused_nothing_carries_the_sale(tmp_path: Path) -> None:
    quota = "gemini-2.5-flash-tier-1"
    (found,) = check_quota(history(tmp_path, steady(8, 0.0, 60.0), quota=quota))
    assert (found.status, found.value) == (Status.PASS, 0)
    assert found.summary.startswith(
        "The quota gemini-2.5-flash-tier-1 (1,000 requests and 1,000,000 input tokens a minute) "
        "carries the sale: no call was refused. The peak needs 480 requests"
    )


def test_a_quota_that_no_call_met_is_not_known_to_carry_anything(tmp_path: Path) -> None:
    (found,) = check_quota(history(tmp_path, [call(-5.0)], quota="600"))
    assert found.status is Status.UNKNOWN


def test_refusals_of_a_stand_in_beside_a_target_count_without_its_quota(tmp_path: Path) -> None:
    (found,) = check_quota(history(tmp_path, [call(1.0), call(2.0, refused="requests")]))
    assert found.status is Status.FAIL
    assert found.summary.startswith("The quota of the stand-in does not carry the sale: 1 of 2 ")
