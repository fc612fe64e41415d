"""The record of one call of the model, written by the stand-in for the model.

The stand-in is a process of its own and may be of another version than the judge, so that unknown
fields of a call are ignored.
"""

from __future__ import annotations

from msgspec import Struct

from reports.records.numbers import Count, Seconds, Small


class Signatures(Struct, frozen=True, gc=False):
    """The signatures of earlier thoughts and calls that a request brought back."""

    returned: Count = 0
    """Brought back as they were issued."""
    changed: Count = 0
    """Brought back with another value."""


class ModelCall(Struct, frozen=True, gc=False):
    """One call of the model, as the stand-in saw it."""

    t: Seconds
    """When the request had arrived."""
    done: Seconds | None
    """When the answer was sent; None: it was cut off."""
    dialect: str
    """`gemini` or `openai`."""
    status: Small
    """The HTTP status of the answer."""
    model: str = ""
    """The name of the model that was asked for."""
    agent: str = ""
    """ADK's internal name of the calling agent; empty: the request does not say it."""
    caller: str = ""
    """The replica, by the key that the harness gave it; empty: the call had any other key."""
    answer: str = ""
    """`text`, `call` (of tools) or `error`."""
    names: tuple[str, ...] = ()
    """The tools that the answer calls."""
    messages: tuple[str, ...] = ()
    """Digests of the customer's texts that the model was shown, in their order."""
    steps: str = ""
    """The items after the last message: `C` a call, `R` a tool's result, `T` a model's text."""
    results: tuple[str, ...] = ()
    """Digests of the tools' results after the last message."""
    signatures: Signatures = Signatures()
    """The signatures in the request."""
    prompt_tokens: Count = 0
    """Tokens of the request."""
    output_tokens: Count = 0
    """Tokens of the answer."""
    first_token_s: Seconds = 0.0
    """The planned time to the first token, seconds."""
    took_s: Seconds = 0.0
    """The planned time to the end of the answer, seconds."""
    source: str = ""
    """Where the answer is from: `recorded`, `script` or `automatic`; empty: no answer."""
    fault: str | None = None
    """The fault that hit this call; None: none did."""
    refused: str | None = None
    """The exhausted quota that refused it, `requests` or `tokens`; None: it was not refused."""
