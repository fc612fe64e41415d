"""Which tools may be called: `dry` (none), `all`, or a list of names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from target_service.stand_in.replies.errors import RepliesError

ADK_OWN = frozenset(("transfer_to_agent", "exit_loop", "set_model_response", "finish_task"))
"""Tools that ADK itself declares: they change the course of a conversation and nothing else."""
_ASKS_THE_CUSTOMER = "adk_request_"
"""Tools that stop the conversation until somebody answers a question, which no load does."""
_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,127}")


@dataclass(frozen=True, slots=True)
class AllowedTools:
    """The tools that run for real."""

    names: frozenset[str] = frozenset()
    everything: bool = False

    @classmethod
    def parse(cls, text: str) -> AllowedTools:
        """Read the value of `--tools`.  Raises RepliesError, without the name of the option."""
        names = [each.strip() for each in text.split(",")]
        if names == ["all"]:
            return cls(everything=True)
        if names == ["dry"]:
            return cls()
        for name in names:
            if not _NAME.fullmatch(name) or name in ("all", "dry"):
                raise RepliesError(
                    "must be `dry`, `all`, or names of tools with commas between them, "
                    f"got {text!r}"
                )
        return cls(frozenset(names))

    def __str__(self) -> str:
        return "all" if self.everything else ",".join(sorted(self.names)) or "dry"

    def runs(self, name: str) -> bool:
        """Whether the tool `name` runs for real."""
        return self.everything or name in self.names

    def may_call(self, name: str) -> bool:
        """Whether the model may call the tool `name`."""
        if name.startswith(_ASKS_THE_CUSTOMER):
            return False
        return name in ADK_OWN or self.runs(name)
