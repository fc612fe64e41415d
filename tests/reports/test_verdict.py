"""The truth table of the verdict."""

from __future__ import annotations

import pytest

from reports.checks import run_checks
from reports.records import Finding, Status
from reports.records.history import History
from reports.verdict.verdict import Verdict, by_weight, judge_findings

GO, NO_GO, INCONCLUSIVE = Verdict.GO, Verdict.NO_GO, Verdict.INCONCLUSIVE


def finding(text: str) -> Finding:
    """`memory.ttl fail` as a finding."""
    check, status = text.split()
    return Finding(check, "run", Status(status), 0, 0, "", f"{check} is {status}")


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        # nothing was asked
        ([], INCONCLUSIVE),
        (["latency.steady_p99 pass"], INCONCLUSIVE),
        # a sound run
        (["validity.complete pass", "errors.rate pass"], GO),
        (["validity.complete pass", "errors.rate fail"], NO_GO),
        (["validity.complete pass", "errors.rate unknown"], INCONCLUSIVE),
        (["validity.complete pass", "errors.rate unknown", "memory.bounded fail"], NO_GO),
        (["validity.complete pass", "continuity.lost fail"], NO_GO),
        (["validity.complete pass", "continuity.lost unknown"], INCONCLUSIVE),
        # an unsound run proves nothing ...
        (["validity.complete fail", "errors.rate pass"], INCONCLUSIVE),
        (["validity.complete unknown", "errors.rate pass"], INCONCLUSIVE),
        (["validity.complete fail", "errors.rate fail"], INCONCLUSIVE),
        (["validity.complete fail", "latency.steady_p99 fail"], INCONCLUSIVE),
        (["validity.complete fail", "recovery.time fail"], INCONCLUSIVE),
        (["validity.complete fail", "memory.bounded fail"], INCONCLUSIVE),
        (["validity.complete fail", "memory.baseline fail"], INCONCLUSIVE),
        (["validity.check unknown", "errors.rate pass"], INCONCLUSIVE),
        # ... but facts
        (["validity.complete fail", "continuity.lost fail"], NO_GO),
        (["validity.complete fail", "memory.ttl fail"], NO_GO),
        (["validity.complete fail", "memory.evicted fail"], NO_GO),
        (["validity.complete fail", "continuity.lost unknown"], INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_from_the_findings(findings: list[str], verdict: Verdict) -> None:
    assert judge_findings([finding(text) for text in findings]) is verdict


def test_the_worst_finding_comes_first() -> None:
    findings = [
        finding("errors.rate unknown"),
        finding("errors.rate fail"),
        finding("memory.baseline pass"),
        finding("validity.generator fail"),
        finding("continuity.lost fail"),
    ]
    assert [f.summary for f in by_weight(findings)] == [
        "continuity.lost is fail",
        "validity.generator is fail",
        "errors.rate is fail",
        "errors.rate is unknown",
    ]


def test_each_verdict_has_its_exit_code() -> None:
    assert [verdict.exit_code for verdict in (GO, NO_GO, INCONCLUSIVE)] == [0, 99, 75]


def test_a_check_that_crashes_is_one_unknown_finding_with_its_words() -> None:
    def check_luck(_: History) -> list[Finding]:
        raise ZeroDivisionError("no luck at all")

    def check_sense(_: History) -> list[Finding]:
        return [finding("errors.rate pass")]

    history = History.__new__(History)
    crashed, sound = run_checks(history, [check_luck, check_sense])
    assert (crashed.check, crashed.status) == ("luck.check", Status.UNKNOWN)
    assert "no luck at all" in crashed.summary
    assert sound.status is Status.PASS
