"""The prediction that a measurement is held against."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.validate.simulation.compare import foreseen_for
from tests.validate.simulation.figures import Figures, File, read, write

pytestmark = pytest.mark.unit


def _figures(slowness: float, p50_s: float, *, keeps_slo: bool = True) -> Figures:
    return Figures(
        rate=70.0,
        turns=1000,
        goodput_per_s=70.0,
        p50_s=p50_s,
        p99_s=2 * p50_s,
        memory_bytes=1e6,
        turn_cpu_s=0.009 * slowness,
        keeps_slo=keeps_slo,
        slowness=slowness,
    )


_FORESEEN = File(
    source="a test",
    reference_work_s=0.0005,
    figures={"n1": [_figures(1.0, 0.2), _figures(1.5, 0.3), _figures(2.0, 0.9, keeps_slo=False)]},
)


def _run(times_slower: float) -> Figures:
    return structs.replace(_figures(1.0, 0.2), reference_work_s=0.0005 * times_slower)


@pytest.mark.parametrize(
    ("times_slower", "p50_s", "keeps_slo"),
    [(1.0, 0.2, True), (1.25, 0.25, True), (1.7, 0.54, True), (1.9, 0.78, False)],
)
def test_a_run_is_held_against_the_prediction_for_its_own_speed(
    times_slower: float, p50_s: float, keeps_slo: bool
) -> None:
    found = foreseen_for(_FORESEEN, "n1", _run(times_slower))
    assert found.p50_s == pytest.approx(p50_s)
    assert found.slowness == pytest.approx(times_slower)
    assert found.turn_cpu_s == pytest.approx(0.009 * times_slower)
    assert found.keeps_slo is keeps_slo


def test_a_run_whose_speed_is_not_known_has_no_prediction() -> None:
    with pytest.raises(ValueError, match="speed"):
        foreseen_for(_FORESEEN, "n1", _figures(1.0, 0.2))


def test_a_file_that_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    write(tmp_path / "figures.json", _FORESEEN)
    assert read(tmp_path / "figures.json") == _FORESEEN
