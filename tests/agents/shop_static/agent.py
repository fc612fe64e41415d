"""A static instruction: ADK then writes the other instruction in the role of the user."""

from __future__ import annotations

from google.adk.agents import LlmAgent

root_agent = LlmAgent(
    name="shop_static",
    model="gemini-2.5-flash",
    static_instruction="You are the customer service of a shop, and polite.",
    instruction="Today the shop closes at nine. The customer's first name is {name?}.",
)
