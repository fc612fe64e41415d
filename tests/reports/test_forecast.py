"""The memory that was forecast, beside the memory that was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.records.errors import HistoryError
from reports.verdict.judge import judge
from tests.reports.a_run import MIB, Run


def _written(tmp_path: Path, forecast: Any) -> Path:
    run = Run()
    for number in range(30):
        run.conversation(start=float(number)).turn()
    directory = run.write(tmp_path / "run")
    if forecast is not None:
        text = forecast if isinstance(forecast, str) else json.dumps(forecast)
        (directory / "forecast.json").write_text(text)
    return directory


def _forecast(*sizes: float, step_s: float = 10.0) -> dict[str, Any]:
    return {"schema_version": 1, "step_s": step_s, "redis_bytes": sizes}


def test_the_result_holds_both_peaks_and_the_error(tmp_path: Path) -> None:
    memory = judge(_written(tmp_path, _forecast(2 * MIB, 4 * MIB, 2 * MIB)))["memory"]
    assert memory["forecast"] == {
        "predicted_peak_bytes": 4 * MIB,
        "measured_peak_bytes": memory["peak_bytes"],
        "error": pytest.approx(4 * MIB / memory["peak_bytes"] - 1),
    }


def test_the_timeline_shows_the_forecast_from_the_start_of_the_load(tmp_path: Path) -> None:
    line = judge(_written(tmp_path, _forecast(2 * MIB, 4 * MIB, 3 * MIB)))["timeline"]
    shown = dict(zip(line["t"], line["redis_forecast_bytes"], strict=True))
    start = line["load_start"]
    assert [shown[start + t] for t in (0, 9, 10, 25)] == [2 * MIB, 2 * MIB, 4 * MIB, 3 * MIB]
    assert all(size is None for t, size in shown.items() if t < start)


def test_a_run_without_a_forecast_has_none(tmp_path: Path) -> None:
    result = judge(_written(tmp_path, None))
    assert result["memory"]["forecast"] is None
    assert set(result["timeline"]["redis_forecast_bytes"]) == {None}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ([], "must be a JSON object of schema_version 1"),
        ({"schema_version": 2}, "must be a JSON object of schema_version 1"),
        (_forecast(1.0, step_s=0.0), "step_s must be seconds above 0"),
        (_forecast(), "redis_bytes must be a list of sizes"),
        (_forecast(1.0, -1.0), "redis_bytes must be a list of sizes"),
        ('{"schema_version": 1, "step_s": 1, "redis_bytes": [NaN]}', "redis_bytes must be a list"),
    ],
)
def test_a_damaged_forecast_is_refused_with_one_sentence(
    tmp_path: Path, content: Any, said: str
) -> None:
    with pytest.raises(HistoryError, match=f"forecast.json: {said}"):
        judge(_written(tmp_path, content))
