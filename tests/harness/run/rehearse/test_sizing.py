"""The factor of the load follows from the measurements of the rehearsal."""

from __future__ import annotations

import pytest

from harness.errors import ConfigError
from harness.run.rehearse import sizing
from harness.run.rehearse.rehearsal import Measured
from harness.run.rehearse.sizing import Demand, sized
from loadtests.profiles import profile
from reports.records.sizing import in_words

DIWALI = profile.load("diwali")


def ask(scale: float | None = None, peak: float = 70.0, turns: float = 3400.0) -> Demand:
    return Demand(DIWALI, scale, peak, turns)


def measured(cpu_ms: float | None, turns: int = 100, failed: int = 0) -> Measured:
    """A rehearsal whose turns took so much CPU each."""
    return Measured(turns, failed, 2.0, None if cpu_ms is None else cpu_ms * turns / 1000)


@pytest.mark.parametrize(
    ("cpu_ms", "cores", "factor"),
    [
        (45.0, 2.0, 0.38),  # carries 44.4 turns/s, 60 % of it is 26.7
        (45.0, 1.0, 0.19),
        (45.0, 1.5, 0.28),
        (10.0, 2.0, 1.0),  # carries 200: the load is never scaled up
        (17.0, 2.0, 1.0),  # 70.6 of 70
        (17.2, 2.0, 0.99),
    ],
)
def test_the_peak_gets_60_percent_of_the_capacity(
    cpu_ms: float, cores: float, factor: float
) -> None:
    found = sized(ask(), measured(cpu_ms), cores)
    assert (found.mode, found.factor) == ("auto", factor)
    assert found.carries_turns_per_s == pytest.approx(cores / cpu_ms * 1000)
    assert found.cpu_s_per_turn == pytest.approx(cpu_ms / 1000)
    assert found.planned_peak_turns_per_s == 70
    assert found.peak_turns_per_s == pytest.approx(70 * factor)


@pytest.mark.parametrize("scale", [1.0, 0.25, 2.0])
def test_a_given_factor_is_kept_and_the_measurement_is_told(scale: float) -> None:
    found = sized(ask(scale), measured(45.0), 1.0)
    assert (found.mode, found.factor) == ("given", scale)
    assert found.cpu_s_per_turn == pytest.approx(0.045)


@pytest.mark.parametrize(
    "rehearsal",
    [
        None,
        measured(None),  # containers in a machine of their own
        measured(45.0, turns=5),
        measured(45.0, turns=100, failed=60),  # sessions that other replicas do not have
    ],
)
def test_a_rehearsal_that_shows_no_cost_scales_nothing(rehearsal: Measured | None) -> None:
    found = sized(ask(), rehearsal, 2.0)
    assert (found.factor, found.cpu_s_per_turn, found.carries_turns_per_s) == (1.0, None, None)


def test_the_cost_of_a_first_turn_is_told_beside_that_of_any_turn() -> None:
    whole = Measured(100, 0, 2.0, 4.5, Measured(50, 0, 1.0, 1.5))
    found = sized(ask(), whole, 2.0)
    assert (found.cpu_s_per_turn, found.cpu_s_per_first_turn) == (0.045, 0.03)
    assert sized(ask(), measured(45.0), 2.0).cpu_s_per_first_turn is None


def test_a_load_gives_way_to_three_times_the_cost_of_a_first_turn_and_no_more() -> None:
    first = Measured(50, 0, 1.0, 0.5)  # 10 ms a turn
    dear = sized(ask(), Measured(100, 0, 2.0, 50.0, first), 1.0)  # 500 ms a turn
    assert dear.factor == 0.28  # 0.6 × 1 core / 30 ms, of 70 turns/s
    assert dear.carries_turns_per_s == 2.0
    grown = sized(ask(), Measured(100, 0, 2.0, 2.5, first), 1.0)  # 25 ms: not so much dearer
    assert grown.factor == 0.34


def test_a_machine_too_small_for_the_profile_is_told_so() -> None:
    with pytest.raises(ConfigError) as refused:
        sized(ask(), measured(100.0), 1.0)
    assert str(refused.value) == (
        "--scale auto: 1 core carries 10 turns/s here, at 100 ms of CPU a turn, and the peak of "
        "profile diwali asks for 70: scaled to 0.08 of it, its 3400 turns would be 272, which "
        "prove nothing; choose a smaller --profile, fewer --replicas or a bigger machine"
    )


def test_a_load_that_would_lose_its_evidence_is_not_scaled_to_that() -> None:
    with pytest.raises(ConfigError, match=r"its 300 turns would be 96, which prove nothing"):
        sized(ask(turns=300), measured(26.6), 1.0)
    assert sized(ask(turns=3400), measured(26.6), 1.0).factor == 0.32


def test_a_small_profile_keeps_at_least_half_of_its_turns() -> None:
    assert sized(ask(turns=80, peak=10), measured(100.0), 1.0).factor == 0.6
    with pytest.raises(ConfigError, match=r"its 80 turns would be 39,"):
        sized(ask(turns=80, peak=12), measured(102.0), 1.0)


def test_the_line_of_the_report_states_the_final_load() -> None:
    def line(asked: Demand, rehearsal: Measured | None, cores: float) -> str:
        return in_words(sized(asked, rehearsal, cores).to_dict(), "diwali")

    assert line(ask(), measured(36.5), 2.0) == (
        "sized to this machine: 0.46 × diwali, peak 32.2 of 70 turns/s; 2 cores carry 54.8, at "
        "36.5 ms of CPU a turn"
    )
    assert line(ask(), measured(10), 1.0) == (
        "sized to this machine: 0.85 × diwali, peak 59.5 of 70 turns/s; 1 core carries 100, at 10 "
        "ms of CPU a turn"
    )
    assert line(ask(), measured(10), 2.0).startswith(
        "not scaled: diwali at its peak of 70 turns/s; 2 cores carry 200"
    )
    assert line(ask(1.0), None, 2.0) == (
        "sized as asked: 1 × diwali, peak 70 of 70 turns/s; the capacity of this machine was not "
        "measured"
    )


def test_a_peak_never_needs_more_than_the_share_that_is_promised() -> None:
    for tenths in range(180, 500, 7):
        found = sized(ask(), measured(tenths / 10), 2.0)
        assert found.carries_turns_per_s is not None
        assert found.peak_turns_per_s <= sizing.SHARE * found.carries_turns_per_s
