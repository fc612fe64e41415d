"""The replies in their order: a recording, then the script, then automatic ones."""

from __future__ import annotations

from dataclasses import replace

from target_service.stand_in.call import Call
from target_service.stand_in.replies.allowed import AllowedTools
from target_service.stand_in.replies.automatic import Automatic
from target_service.stand_in.replies.recorded import Recorded
from target_service.stand_in.replies.script import Script
from target_service.stand_in.reply import Reply


class Chain:
    """The first source that knows a reply gives it."""

    def __init__(
        self,
        allowed: AllowedTools,
        *,
        script: Script | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        """`allowed`: the tools that the model may call."""
        self._recorded, self._script = recorded, script
        self._automatic = Automatic(allowed)

    def reply(self, call: Call) -> Reply:
        """The reply to a call; the same call gets the same reply."""
        reply = self._found(call)
        if self._recorded is None:
            return reply
        return replace(reply, delays=self._recorded.delays(call, reply))

    def _found(self, call: Call) -> Reply:
        for source in (self._recorded, self._script):
            reply = None if source is None else source.find(call)
            if reply is not None:
                return reply
        return self._automatic.reply(call)
