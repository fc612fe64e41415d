"""A run with the real model says first what it asks of it."""

from __future__ import annotations

from harness.run import real_model
from loadtests.profiles import profile as profiles


def test_the_calls_and_the_rate_at_the_peak_are_said() -> None:
    profile = profiles.load("smoke")
    said = real_model.announcement(profile, 7)
    calls = real_model.CALLS_A_TURN * profile.expected_turns
    assert f"{profile.expected_turns:,.0f} turns" in said[0]
    assert f"{calls:,.0f} calls" in said[0]
    assert "a minute at the peak" in said[0]
    assert any("429" in line for line in said)
