"""ShopMax India's customer-service agent."""

from __future__ import annotations

from google.adk.agents import LlmAgent

from target_service import settings
from target_service.agents.shopmax import tools
from target_service.model.scripted import ScriptedModel

INSTRUCTION = (
    "You are ShopMax India's customer-service agent. Help customers to track orders, change "
    "deliveries, return goods, sort out payments, refunds and coupons, send gifts, and take "
    "complaints. Answer in the customer's language. Use the tools; never invent an order."
)


def build(config: settings.Settings) -> LlmAgent:
    """The agent, with the scripted model or with the real one that the settings name."""
    model: ScriptedModel | str = config.model
    if config.model == "scripted":
        model = ScriptedModel(
            ttft_ms=config.model_ttft_ms,
            tokens_per_s=config.model_tokens_per_s,
            faults_file=config.model_faults_file,
            replica=config.replica,
        )
    return LlmAgent(
        name="shopmax",
        model=model,
        description="Helps ShopMax customers with their orders.",
        instruction=INSTRUCTION,
        tools=[
            tools.track_order,
            tools.change_delivery,
            tools.start_return,
            tools.check_payment,
            tools.refund_status,
            tools.check_coupon,
            tools.arrange_gift,
            tools.raise_complaint,
        ],
    )


root_agent = build(settings.from_environment())
