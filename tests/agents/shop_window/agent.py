"""ADK's own plugin keeps the last two turns of the history and drops the older ones."""

from __future__ import annotations

from google.adk.agents import LlmAgent
from google.adk.apps.app import App
from google.adk.plugins.context_filter_plugin import ContextFilterPlugin

root_agent = LlmAgent(
    name="shop_window",
    model="gemini-2.5-flash",
    instruction="You are the customer service of a shop.",
)
app = App(
    name="shop_window",
    root_agent=root_agent,
    plugins=[ContextFilterPlugin(num_invocations_to_keep=2)],
)
