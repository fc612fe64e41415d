"""Other processes used the machine beside the runs: what a comparison still says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reports.comparison.compare import compare
from reports.comparison.disturbance import STRICTER
from reports.comparison.model import Change, Comparison, Fact, Word
from reports.measures.foreign_cpu import LIMIT_PERCENT
from reports.render.comparison import junit, markdown, page, terminal
from tests.reports.comparison.a_side import costs, gate, result, side

FREE = (1.0,) * 5
BUSY = (60.0, 1.0, 60.0, 60.0, 1.0)
"""Of the processors, beside each run of a side."""
EVEN = (1.0, 60.0, 60.0, 60.0, 1.0)
"""As much as BUSY on average."""
NOISE = (1.0, 1.05, 0.97, 1.04, 0.99)
"""Of the runs of B: +12 % is decided at the usual level, and is not at a tenth of it."""


def played(
    of_a: Sequence[float | None],
    of_b: Sequence[float | None],
    *,
    p50: float = 1.0,
    cpu: float = 1.0,
    noise: Sequence[float] = NOISE,
    failed: bool = False,
) -> Comparison:
    """Pairs in turns, with what others used beside each run; the figures of B are multiplied."""
    a, b = [], []
    for number, (beside_a, beside_b) in enumerate(zip(of_a, of_b, strict=True)):
        first, second = (0, 1) if number % 2 == 0 else (1, 0)
        generator = [{"foreign_cpu_percent": each} for each in (beside_a, beside_b)]
        a.append(result(2 * number + first, 40 + number, generator=generator[0]))
        more = noise[number]
        b.append(
            result(
                2 * number + second,
                40 + number,
                generator=generator[1],
                latency={"steady": {"count": 900, "p50": 0.16 * p50 * more, "p99": 0.24}},
                costs=costs(replica_cpu_s_per_turn=0.0114 * cpu * more),
                **({"gates": [gate("recovery.time", "fail", 9.0)]} if failed else {}),
            )
        )
    return compare(side(a), side(b, "B"))


def change(comparison: Comparison, key: str) -> Change:
    return next(each for each in comparison.changes if each.key == key)


def fact(comparison: Comparison, key: str) -> Fact:
    return next(each for each in comparison.facts if each.key == key)


def test_a_figure_of_the_machine_needs_ten_times_the_evidence_beside_others() -> None:
    free, busy = (played(each, FREE, p50=1.12) for each in (FREE, (21.0, *FREE[1:])))
    found = [change(each, "p50") for each in (free, busy)]
    assert [each.word for each in found] == [Word.WORSE, Word.UNDECIDED]
    assert [each.stricter for each in found] == [1.0, STRICTER]
    # The interval is that of 95 % in both; the change that can be found is greater.
    assert found[0].low == found[1].low
    assert found[0].detectable is not None
    assert found[1].detectable is not None
    assert found[0].detectable < found[1].detectable
    assert found[1].why == (
        "Other processes used up to 21 % of the processors during the runs, "
        "so that stronger evidence is needed."
    )


def test_strong_evidence_decides_beside_others_too() -> None:
    found = change(played(BUSY, EVEN, p50=1.5), "p50")
    assert (found.word, found.why) == (Word.WORSE, "")


def test_bytes_and_round_trips_keep_their_level() -> None:
    found = played(BUSY, EVEN)
    assert change(found, "bytes_per_session").stricter == 1.0
    assert change(found, "redis_trips_per_turn").stricter == 1.0


@pytest.mark.parametrize("most", [None, LIMIT_PERCENT])
def test_others_below_the_limit_or_not_known_change_nothing(most: float | None) -> None:
    found = played((most,) * 5, (most,) * 5, p50=1.12)
    assert change(found, "p50").word is Word.WORSE
    assert [each.key for each in found.differences] == []


@pytest.mark.parametrize(("of_a", "of_b", "more"), [(FREE, BUSY, "B"), (BUSY, FREE, "A")])
@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5])
def test_figures_of_the_machine_are_undecided_when_one_side_was_disturbed_more(
    of_a: Sequence[float], of_b: Sequence[float], more: str, factor: float
) -> None:
    found = played(of_a, of_b, p50=factor, cpu=factor, noise=FREE)
    less = "AB".replace(more, "")
    why = (
        f"Other processes disturbed the runs of {more} more: they used 36 % of the processors "
        f"there and 1 % beside {less}, on average, and a change cannot be told from that."
    )
    for key in ("p50", "cpu_per_turn"):
        assert (change(found, key).word, change(found, key).why) == (
            (Word.UNDECIDED, why) if factor != 1.0 else (Word.SAME, "")
        )
    assert change(found, "bytes_per_session").word is Word.SAME
    if factor != 1.0:
        assert found.word is Word.UNDECIDED
        assert found.headline.endswith(f". {why[:-1]}")


def test_a_limit_that_others_may_have_broken_is_undecided_when_they_favour_a_side() -> None:
    assert fact(played(FREE, FREE, failed=True), "recovery.time").word is Word.WORSE
    found = fact(played(FREE, BUSY, failed=True), "recovery.time")
    assert found.word is Word.UNDECIDED
    assert found.why.startswith("Other processes disturbed the runs of B more")
    # 5 of 5 against none of 5 are 1 in 252 by chance: enough at 1.5 %, not at a tenth of it.
    even = fact(played(EVEN, BUSY, failed=True), "recovery.time")
    assert even.word is Word.UNDECIDED
    assert "stronger evidence" in even.why


def test_a_lost_turn_decides_however_disturbed_the_runs_were() -> None:
    a = [result(0, 40, generator={"foreign_cpu_percent": 1.0})]
    b = [
        result(
            1,
            40,
            generator={"foreign_cpu_percent": 90.0},
            verdict="NO-GO",
            gates=[gate("continuity.lost", "fail", 1.0)],
        )
    ]
    found = compare(side(a), side(b, "B"))
    assert found.word is Word.WORSE
    assert found.facts[0].key == "continuity.lost"


def test_every_output_says_what_others_used_and_why_it_matters() -> None:
    found = played(FREE, BUSY, p50=1.5)
    (row,) = [each for each in found.differences if "foreign" in each.key]
    assert (row.a, row.b, row.forbids) == ("1 %", "1 to 60 %", "nothing")
    for output in (
        terminal.render(found, color=False),
        markdown.render(found),
        page.render(found),
        junit.render(found),
    ):
        plain = " ".join(output.replace("&nbsp;", " ").split())
        assert "Other processes disturbed the runs of B more" in plain
    assert "1 to 60 %" in markdown.render(found)
