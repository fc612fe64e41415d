"""Stock and prices are looked up at once, in branches of their own; a third agent answers."""

from __future__ import annotations

from google.adk.agents import LlmAgent, ParallelAgent, SequentialAgent


def look_up_stock(product: str) -> dict[str, str]:
    """Tell how many pieces of a product are left."""
    return {"product": product, "left": "14"}


def look_up_price(product: str) -> dict[str, str]:
    """Tell the price of a product."""
    return {"product": product, "price": "₹ 1,299"}


stock = LlmAgent(
    name="stock",
    model="gemini-2.5-flash",
    instruction="Look up the stock.",
    tools=[look_up_stock],
    output_key="stock",
)
price = LlmAgent(
    name="price",
    model="gemini-2.5-flash",
    instruction="Look up the price.",
    tools=[look_up_price],
    output_key="price",
)
seller = LlmAgent(
    name="seller",
    model="gemini-2.5-flash",
    instruction="Answer the customer. Stock: {stock?}. Price: {price?}.",
)
root_agent = SequentialAgent(
    name="shop_parallel",
    sub_agents=[ParallelAgent(name="lookups", sub_agents=[stock, price]), seller],
)
