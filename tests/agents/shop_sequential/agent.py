"""A classifier, and an agent that answers with the classifier's word in its instruction."""

from __future__ import annotations

from google.adk.agents import LlmAgent, SequentialAgent

classifier = LlmAgent(
    name="classifier",
    model="gemini-2.5-flash",
    instruction="Say in one word what the customer writes about.",
    output_key="topic",
)
answerer = LlmAgent(
    name="answerer",
    model="gemini-2.5-flash",
    instruction="Answer the customer. The topic is: {topic?}",
)
root_agent = SequentialAgent(name="shop_sequential", sub_agents=[classifier, answerer])
