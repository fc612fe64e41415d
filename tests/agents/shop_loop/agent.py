"""A writer and a critic; the critic ends the loop by a tool, or three rounds do."""

from __future__ import annotations

from google.adk.agents import LlmAgent, LoopAgent
from google.adk.tools.exit_loop_tool import exit_loop

writer = LlmAgent(
    name="writer",
    model="gemini-2.5-flash",
    instruction="Write the answer to the customer, or improve it.",
    output_key="draft",
)
critic = LlmAgent(
    name="critic",
    model="gemini-2.5-flash",
    instruction="Call exit_loop when this answer is good enough: {draft?}",
    tools=[exit_loop],
)
root_agent = LoopAgent(name="shop_loop", sub_agents=[writer, critic], max_iterations=3)
