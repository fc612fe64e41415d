"""After every two turns ADK has the model sum the history up, and drops what it has summed up."""

from __future__ import annotations

from google.adk.agents import LlmAgent
from google.adk.apps.app import App, EventsCompactionConfig

root_agent = LlmAgent(
    name="shop_compacting",
    model="gemini-2.5-flash",
    instruction="You are the customer service of a shop.",
)
app = App(
    name="shop_compacting",
    root_agent=root_agent,
    events_compaction_config=EventsCompactionConfig(compaction_interval=2, overlap_size=0),
)
