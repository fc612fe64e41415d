"""A model's mark says that a reply was made worse, and not that one might have been."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from google.adk.models.llm_request import LlmRequest
from google.genai import types

from chaos.fleet.model_switch import ModelSwitchFile
from target_service.model.scripted import ScriptedModel

NEVER, ALWAYS = 1e-12, 1.0


def felt(place: Path, mood: Mapping[str, float], *, stream: bool) -> bool:
    """Whether a mark was left by ten replies in this mood."""
    switch = ModelSwitchFile(place)
    switch.play(mood)
    model = ScriptedModel(ttft_ms=2.0, tokens_per_s=20_000, faults_file=str(switch.path))
    message = types.Content(role="user", parts=[types.Part(text="Thank you very much!")])

    async def ask() -> None:
        try:
            async for _ in model.generate_content_async(LlmRequest(contents=[message]), stream):
                pass
        except Exception:
            return  # a real client's error, or the end of a stream: as was drawn

    for _ in range(10):
        asyncio.run(ask())
    return switch.felt_by() == {"r01"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["error_rate", "rate_limit_rate", "cut_rate"])
def test_a_reply_that_the_mood_spares_leaves_no_mark(
    tmp_path: Path, kind: str, stream: bool
) -> None:
    assert not felt(tmp_path / "spared", {kind: NEVER}, stream=stream)
    assert felt(tmp_path / "hit", {kind: ALWAYS}, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_only_a_slower_model_leaves_a_mark_of_slowness(tmp_path: Path, stream: bool) -> None:
    assert not felt(tmp_path / "as ever", {"latency_factor": 1.0}, stream=stream)
    assert felt(tmp_path / "slow", {"latency_factor": 3.0}, stream=stream)


def test_a_very_slow_reply_is_felt_as_soon_as_it_is_late(tmp_path: Path) -> None:
    switch = ModelSwitchFile(tmp_path)
    switch.play({"latency_factor": 1000.0})
    model = ScriptedModel(ttft_ms=20.0, faults_file=str(switch.path))

    async def ask() -> None:
        async with asyncio.timeout(1.0):  # of the 20 that it takes
            async for _ in model.generate_content_async(LlmRequest(contents=[])):
                pass

    with pytest.raises(TimeoutError):
        asyncio.run(ask())
    assert switch.felt_by() == {"r01"}
