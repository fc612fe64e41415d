"""Replies of a real model that were recorded once.

A reply is found by the agent, the customer's last message and the step in the turn; a message that
differs from a recorded one only in its numbers gets the same reply, with its own numbers in it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

from target_service.model.witness import digest
from target_service.stand_in.call import Call
from target_service.stand_in.replies import kept, masking
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.automatic import declared
from target_service.stand_in.replies.kept import KeptReply
from target_service.stand_in.reply import Delays, Reply, ToolCall

_LONGEST_RATIO = 20.0
"""A reply takes at most this many times the flow of the recorded one whose speed it has."""


class Recorded:
    """A recording, and the latency of the model that was recorded."""

    def __init__(self, directory: Path, allowed: AllowedTools) -> None:
        """Read a recording.  Raises RepliesError."""
        self._allowed = allowed
        self._replies: dict[tuple[str, str, str], list[KeptReply]] = defaultdict(list)
        self._speeds: dict[bool, list[KeptReply]] = defaultdict(list)
        for each in kept.read_replies(directory):
            self._replies[each.agent, each.masked, each.step].append(each)
            self._speeds[bool(each.calls)].append(each)

    def find(self, call: Call) -> Reply | None:
        """The recorded reply; None where there is none whose tools may be called."""
        messages = call.messages
        if not messages:
            return None
        key = (call.agent, digest(masking.masked(messages[-1])), call.steps)
        found = [each for each in self._replies.get(key, ()) if self._may_say(each, call)]
        if not found:
            return None
        chosen = _closest(found, messages)
        names = masking.renaming(chosen.tokens, masking.tokens(messages))
        return Reply(
            text=masking.renamed(chosen.text, names),
            calls=tuple(
                ToolCall(each.name, masking.renamed(each.args, names)) for each in chosen.calls
            ),
            thought=chosen.thought,
            source="recorded",
        )

    def delays(self, call: Call, reply: Reply) -> Delays:
        """How long the recorded model would take for a reply: that of a reply drawn from it.

        The same call draws the same one.
        """
        speeds = self._speeds.get(bool(reply.calls)) or self._speeds[not reply.calls]
        rng = random.Random(f"{call.agent} {call.steps} {masking.chain(call.messages)}")
        drawn = rng.choice(speeds)
        size = len(reply.text) + sum(len(str(each.args)) + len(each.name) for each in reply.calls)
        flow = max(0.0, drawn.whole_s - drawn.first_token_s)
        ratio = min(_LONGEST_RATIO, size / max(1, drawn.size))
        return Delays(drawn.first_token_s, drawn.first_token_s + flow * ratio)

    def _may_say(self, reply: KeptReply, call: Call) -> bool:
        return all(
            self._allowed.may_call(each.name) and declared(call, each.name) is not None
            for each in reply.calls
        )


def _closest(found: list[KeptReply], messages: list[str]) -> KeptReply:
    """Of the replies to such a message one of those whose conversation is most like this one."""
    chain = masking.chain(messages)
    hidden = masking.chain([masking.masked(text) for text in messages])
    message = digest(messages[-1])
    likeness = [
        (each.chain == chain, each.masked_chain == hidden, each.message == message)
        for each in found
    ]
    best = [each for each, like in zip(found, likeness, strict=True) if like == max(likeness)]
    return best[int(chain, 16) % len(best)]
