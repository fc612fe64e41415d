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


def affects(place: Path, settings: Mapping[str, float], *, stream: bool) -> bool:
    """Whether a mark was left by ten replies under these faults."""
    switch = ModelSwitchFile(place)
    switch.apply(settings)
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
    return switch.affected_replicas() == {"r01"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["error_rate", "rate_limit_rate", "cut_rate"])
def test_an_unaffected_reply_leaves_no_mark(tmp_path: Path, kind: str, stream: bool) -> None:
    assert not affects(tmp_path / "spared", {kind: NEVER}, stream=stream)
    assert affects(tmp_path / "hit", {kind: ALWAYS}, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_only_a_slower_model_leaves_a_mark_of_slowness(tmp_path: Path, stream: bool) -> None:
    assert not affects(tmp_path / "normal", {"latency_factor": 1.0}, stream=stream)
    assert affects(tmp_path / "slow", {"latency_factor": 3.0}, stream=stream)


def test_a_very_slow_reply_leaves_its_mark_as_soon_as_it_is_late(tmp_path: Path) -> None:
    switch = ModelSwitchFile(tmp_path)
    switch.apply({"latency_factor": 1000.0})
    model = ScriptedModel(ttft_ms=20.0, faults_file=str(switch.path))

    async def ask() -> None:
        async with asyncio.timeout(1.0):  # of the 20 that it takes
            async for _ in model.generate_content_async(LlmRequest(contents=[])):
                pass

    with pytest.raises(TimeoutError):
        asyncio.run(ask())
    assert switch.affected_replicas() == {"r01"}
