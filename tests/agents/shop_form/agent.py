"""Answers with a filled form: an object in a schema, and no text beside it."""

from __future__ import annotations

from typing import Literal

from google.adk.agents import LlmAgent
from pydantic import BaseModel, Field


class Item(BaseModel):
    """One thing that the customer asks about."""

    name: str
    quantity: int = Field(ge=1, le=10)


class Ticket(BaseModel):
    """The customer's request, for the people who work on it."""

    order_id: str | None = None
    urgency: Literal["low", "normal", "high"]
    summary: str
    items: list[Item] = Field(min_length=1)


root_agent = LlmAgent(
    name="shop_form",
    model="gemini-2.5-flash",
    instruction="Fill in a ticket for the customer's request.",
    output_schema=Ticket,
    output_key="ticket",
)
