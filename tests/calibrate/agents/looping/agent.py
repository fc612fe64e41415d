"""Three rounds of a classifier whose answers are equal: three events with one text in a turn."""

from __future__ import annotations

from google.adk.agents import LlmAgent, LoopAgent

from tests.calibrate.agents.echo import Echo

classifier = LlmAgent(
    name="classifier",
    model=Echo(say=lambda message: "neutral"),
    instruction="Say whether the customer is pleased, neutral or angry.",
)
root_agent = LoopAgent(name="looping", sub_agents=[classifier], max_iterations=3)
