"""A desk whose tool is another agent: it sees the request that it is given and no more."""

from __future__ import annotations

from google.adk.agents import LlmAgent
from google.adk.tools.agent_tool import AgentTool

translator = LlmAgent(
    name="translator",
    model="gemini-2.5-flash",
    description="Translates a text into English.",
    instruction="Translate the text into English.",
)
root_agent = LlmAgent(
    name="shop_desk",
    model="gemini-2.5-flash",
    instruction="Answer the customer. Have foreign words translated first.",
    tools=[AgentTool(agent=translator)],
)
