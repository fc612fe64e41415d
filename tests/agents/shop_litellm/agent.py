"""The same shop on an OpenAI model, called through LiteLLM."""

from __future__ import annotations

from google.adk.agents import Agent
from google.adk.models.lite_llm import LiteLlm


def track_order(order_id: str) -> dict[str, str]:
    """Tell where an order is.

    Args:
        order_id: The number of the order, such as ORD-58291.
    """
    return {"order": order_id, "status": "shipped", "carrier": "Ekart", "expected": "Thursday"}


root_agent = Agent(
    name="shop_litellm",
    model=LiteLlm("openai/gpt-4o-mini"),
    description="Helps the customers of a shop.",
    instruction="You are the customer service of a shop. Use track_order to look up orders.",
    tools=[track_order],
)
