"""Actions on the model."""

from __future__ import annotations

from typing import Any

from chaos.actions._perform import Configuration, perform_now
from chaos.faults.model import ModelCutStreams, ModelErrors, ModelRateLimit, SlowModel


def slow_model(
    duration: float = 5.0, factor: float = 10.0, configuration: Configuration = None
) -> dict[str, Any]:
    """The model needs `factor` times as long."""
    return perform_now(SlowModel(duration=duration, factor=factor))


def model_errors(
    duration: float = 5.0, rate: float = 0.5, configuration: Configuration = None
) -> dict[str, Any]:
    """The model fails, at this rate."""
    return perform_now(ModelErrors(duration=duration, rate=rate))


def model_rate_limit(
    duration: float = 5.0, rate: float = 0.5, configuration: Configuration = None
) -> dict[str, Any]:
    """The model refuses for its rate limit, at this rate."""
    return perform_now(ModelRateLimit(duration=duration, rate=rate))


def model_cut_streams(
    duration: float = 5.0, rate: float = 0.5, configuration: Configuration = None
) -> dict[str, Any]:
    """The model's reply breaks off in the middle, at this rate."""
    return perform_now(ModelCutStreams(duration=duration, rate=rate))
