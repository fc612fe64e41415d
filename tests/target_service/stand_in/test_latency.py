"""The model's latency: presets, figures of one's own, and the same draw for the same call."""

from __future__ import annotations

import math
import statistics

import pytest

from target_service.stand_in import latency
from target_service.stand_in.latency import PRESETS, Latency, LatencyError, recorded
from tests.docs.pages import DOCS


def test_the_same_call_takes_the_same_time_and_another_one_another() -> None:
    speed = latency.parse("gemini-2.5-flash")
    assert speed.plan("a", 40) == speed.plan("a", 40)
    assert speed.plan("a", 40) != speed.plan("b", 40)


def test_the_median_and_the_spread_are_those_that_were_set() -> None:
    speed = latency.parse("0.5,100,0.4")
    drawn = [speed.plan(str(n), 0).first_token_s for n in range(4000)]
    assert statistics.median(drawn) == pytest.approx(0.5, rel=0.04)
    assert statistics.stdev(map(math.log, drawn)) == pytest.approx(0.4, rel=0.05)


def test_the_tokens_flow_at_the_rate_that_was_set() -> None:
    plan = latency.parse("0.5,100,0").plan("a", 50)
    assert (plan.first_token_s, plan.took_s) == (0.5, 1.0)
    assert plan.after(20) == pytest.approx(0.7)
    assert plan.after(99) == plan.took_s


def test_a_slow_model_takes_a_multiple_of_all_of_it() -> None:
    plan = latency.parse("0.5,100,0").plan("a", 50).slower(3)
    assert (plan.first_token_s, plan.took_s) == (1.5, 3.0)


def test_a_recorded_reply_takes_the_time_that_it_took() -> None:
    assert recorded(0.4, 1.2, 40).took_s == pytest.approx(1.2)
    assert recorded(0.4, 1.2, 0).took_s == 0.4


def test_without_latency_nothing_waits() -> None:
    assert latency.parse("none").plan("a", 1000).took_s == 0


def test_every_preset_says_who_measured_it() -> None:
    for name, preset in PRESETS.items():
        assert preset.source, name
        assert latency.parse(name) == preset.latency


@pytest.mark.parametrize(
    "text", ["", "fast", "1", "1,2", "1,2,3,4", "x,1,1", "nan,1,1", "1,inf,0", "1,0,0", "-1,9,0"]
)
def test_a_latency_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(LatencyError, match="must "):
        latency.parse(text)


def test_figures_of_ones_own_are_taken() -> None:
    assert latency.parse("0.3,140,0.5") == Latency(0.3, 140.0, 0.5)


def test_the_page_has_every_preset_with_its_figures_and_its_source() -> None:
    page = (DOCS / "model.md").read_text(encoding="utf-8")
    for name, preset in PRESETS.items():
        speed = preset.latency
        rate = "at once" if math.isinf(speed.tokens_per_s) else f"{speed.tokens_per_s:g}"
        figures = f"{speed.first_token_s:g} s | {rate} | {speed.sigma:g}"
        assert f"| `{name}` | {figures} | {preset.source} |" in page
