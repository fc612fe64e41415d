"""The faults of the stand-in: which calls they hit, and who is said to have felt one."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from target_service.stand_in.call import Call
from target_service.stand_in.effect import NO_EFFECT
from target_service.stand_in.faults import ModelFaults


def call(caller: str = "diya-r01", *, stream: bool = True) -> Call:
    return Call("gemini", "gemini-2.5-flash", stream, (), (), "auto", None, "", caller, 100)


def test_without_a_fault_no_call_is_hit_and_no_replica_is_affected() -> None:
    faults = ModelFaults()
    assert faults.for_call(call()) is NO_EFFECT
    assert faults.affected() == []


@pytest.mark.parametrize(
    ("setting", "name", "status", "ending"),
    [
        ("error_rate", "model-errors", 503, "whole"),
        ("rate_limit_rate", "model-rate-limit", 429, "whole"),
        ("cut_rate", "model-cut-streams", 200, "cut"),
        ("unfinished_rate", "model-unfinished-streams", 200, "unfinished"),
        ("garbage_rate", "model-garbage", 200, "garbage"),
    ],
)
def test_a_fault_hits_its_share_of_the_calls(
    setting: str, name: str, status: int, ending: str
) -> None:
    faults = ModelFaults(random.Random(1))
    faults.set({setting: 0.3})
    effects = [faults.for_call(call()) for _ in range(4000)]
    hit = [effect for effect in effects if effect.fault == name]
    assert 0.25 < len(hit) / len(effects) < 0.35
    assert {(effect.status, effect.ending) for effect in hit} == {(status, ending)}
    assert {effect for effect in effects if effect.fault is None} == {NO_EFFECT}


def test_a_refusal_says_how_long_to_wait() -> None:
    faults = ModelFaults()
    faults.set({"rate_limit_rate": 1, "retry_after_s": 2.5})
    assert faults.for_call(call()).retry_after_s == 2.5


def test_only_a_stream_ends_unfinished() -> None:
    faults = ModelFaults()
    faults.set({"unfinished_rate": 1.0})
    assert faults.for_call(call(stream=False)) is NO_EFFECT
    assert faults.affected() == []
    assert faults.for_call(call()).ending == "unfinished"
    assert faults.affected() == ["r01"]


def test_every_call_of_a_slow_model_is_slow() -> None:
    faults = ModelFaults()
    faults.set({"latency_factor": 3})
    effects = Counter(
        (effect.fault, effect.latency_factor)
        for effect in (faults.for_call(call()) for _ in range(10))
    )
    assert effects == {("slow-model", 3.0): 10}


def test_a_model_that_takes_no_time_cannot_be_slow() -> None:
    faults = ModelFaults(takes_time=False)
    with pytest.raises(ValueError, match="latency_factor: must be 1 for a stand-in without"):
        faults.set({"latency_factor": 3})
    assert faults.for_call(call()) is NO_EFFECT


def test_the_affected_replicas_are_those_since_the_last_order() -> None:
    faults = ModelFaults()
    first = faults.set({"error_rate": 1.0})
    for caller in ("diya-r02", "diya-r01", "diya-r02", "AIza-a-key-of-somebody"):
        faults.for_call(call(caller))
    assert faults.affected() == ["other", "r01", "r02"]
    assert faults.set({"error_rate": 1.0}) == first + 1
    assert faults.affected() == []


def test_an_empty_order_restores_the_normal_behaviour() -> None:
    faults = ModelFaults()
    faults.set({"garbage_rate": 1.0})
    faults.set({})
    assert faults.for_call(call()) is NO_EFFECT


def test_faults_end_by_themselves_when_they_expire() -> None:
    faults = ModelFaults()
    faults.set({"error_rate": 1.0, "expires_s": 3600})
    assert faults.for_call(call()).status == 503
    faults.set({"error_rate": 1.0, "expires_s": 0})
    assert faults.for_call(call()) is NO_EFFECT


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"errors": 1}, "errors: must be one of latency_factor, error_rate, "),
        ({"error_rate": 1.5}, "error_rate: must be from 0 to 1, got 1.5"),
        ({"cut_rate": "half"}, "cut_rate: must be from 0 to 1, got 'half'"),
        ({"garbage_rate": True}, "garbage_rate: must be from 0 to 1, got True"),
        ({"latency_factor": 0.5}, "latency_factor: must be from 1 to 1000, got 0.5"),
        ({"retry_after_s": -1}, "retry_after_s: must be from 0 to 3600, got -1"),
        ({"error_rate": float("nan")}, "error_rate: must be from 0 to 1, got nan"),
    ],
)
def test_settings_that_cannot_be_are_refused_and_change_nothing(
    values: dict[str, Any], sentence: str
) -> None:
    faults = ModelFaults()
    faults.set({"error_rate": 1.0})
    with pytest.raises(ValueError, match=sentence):
        faults.set(values)
    assert faults.for_call(call()).fault == "model-errors"
