"""The gates of continuity: the classes of violations, and additional counts."""

from __future__ import annotations

from reports.gates.row import FACT, Gate

VIOLATION_ROWS = (
    Gate(
        "continuity.lost",
        "Conversation context lost",
        "An acknowledged turn is missing from its session, or a whole session is missing within "
        "its TTL.",
        FACT,
        "lost",
    ),
    Gate(
        "continuity.duplicated",
        "Turns that happened twice",
        "A turn's message, or the same reply, is in the history twice.",
        FACT,
        "duplicated",
    ),
    Gate(
        "continuity.reordered",
        "Histories out of order",
        "Acknowledged turns are in another order, or interleaved.",
        FACT,
        "reordered",
    ),
    Gate(
        "continuity.truncated",
        "Turns cut off from a history",
        "Two or more acknowledged turns are missing together from the front or the end of a "
        "history, or a later read shows less than an earlier one. Any other absence is `lost`.",
        FACT,
        "truncated",
    ),
    Gate(
        "continuity.forked",
        "Turns with two different versions",
        "One turn has two different replies, or a message or reply that differs from the "
        "acknowledged one.",
        FACT,
        "forked",
    ),
    Gate(
        "continuity.half_turn",
        "Turns stored only by half",
        "The customer's message is stored without the reply, or the reverse, alone or beside the "
        "whole turn.",
        FACT,
        "half-turns",
    ),
    Gate(
        "continuity.resurrected",
        "Sessions that came back after their end",
        "A session is there after its TTL must have taken it, or after an acknowledged deletion.",
        FACT,
        "resurrected",
        False,
    ),
    Gate(
        "continuity.phantom",
        "Turns that were never sent",
        "A history holds a turn that no customer sent, or that the service had refused.",
        FACT,
        "phantom",
    ),
    Gate(
        "continuity.leaked",
        "Data of another customer",
        "A history holds another conversation's turn, or the session belongs to another user.",
        FACT,
        "leaked",
    ),
    Gate(
        "continuity.context_missed",
        "Replies without the context",
        "The model was not shown an acknowledged turn of its conversation, by the witness in the "
        "reply, or by any call of the model in the log of its stand-in.",
        FACT,
        "without context",
        False,
    ),
)
"""The classes of violations; no violation is allowed."""

COUNTED = (
    Gate(
        "continuity.steps",
        "Tool steps stored as they were shown",
        "The calls and results of tools that an answer showed are stored once.",
        FACT,
    ),
    Gate(
        "continuity.state",
        "Session state as the turns wrote it",
        "The session's state equals the writes of its turns.",
        FACT,
    ),
    Gate(
        "continuity.artifacts",
        "Artifacts as the turns saved them",
        "Each version of an artifact that a turn has saved is there, at the conversation's end and "
        "after the load, with the same content, and no two turns have saved the same version.",
        FACT,
        check="artifacts",
    ),
    Gate(
        "continuity.reply",
        "Replies as the model gave them",
        "The customer got the text that the model gave.",
        FACT,
    ),
    Gate(
        "continuity.tool_results",
        "Tool results that the model was shown",
        "Where a stand-in plays the model: after it called a tool, its next call in the turn shows "
        "the tool's result.",
        FACT,
        check="model_calls",
    ),
    Gate(
        "continuity.signatures",
        "Signatures that came back unchanged",
        "Where a stand-in plays the model: the signatures of its thoughts and calls come back as "
        "they were issued.",
        FACT,
        check="model_calls",
    ),
    Gate(
        "continuity.within_durability",
        "Turns lost within the declared durability",
        "Counts turns that the topology declares it may lose. Counted apart; it does not fail.",
        FACT,
    ),
    Gate(
        "continuity.repeated",
        "Turns repeated when they were sent again",
        "At a target that does not promise otherwise: turns that happened again when they were "
        "sent again. Fails above 5 turns and 1 %.",
        FACT,
    ),
    Gate(
        "continuity.stored_otherwise",
        "Turns stored with another text than sent",
        "Counts texts that the application rewrites before it stores them. It does not fail.",
        FACT,
    ),
    Gate(
        "continuity.unprompted",
        "Texts of the agent that answer no turn",
        "Counts texts of the agent that carry no turn's id. It does not fail.",
        FACT,
    ),
)
"""Additional counts from the histories."""
