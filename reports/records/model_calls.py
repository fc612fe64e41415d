"""The log of the stand-in for the model: every call of one run, in columns.

A request repeats the whole conversation, so that the log of a long run holds each digest many
times.  The columns hold a number for each digest.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from reports.records import ModelCall, TurnRecord, lines
from reports.records.lines import DamagedLine

REHEARSAL = "rehearsal-turns.jsonl"
"""The turns of the rehearsal, which came before the load."""

OTHER, TEXT, CALL = range(3)
"""The answer of a call: none that arrived whole, a text, or calls of tools."""
_ANSWERS = {"text": TEXT, "call": CALL}
_ERROR_STATUS = 400


class ModelCalls:
    """The calls of a run, in the order of their file."""

    def __init__(self, calls: Iterable[ModelCall] = ()) -> None:
        self.t = array("d")
        """When the requests had arrived, run time."""
        self.caller, self.agent, self.names = array("I"), array("I"), array("I")
        """Indices into `callers`, `agents` and `tools`."""
        self.answer = bytearray()
        """`OTHER`, `TEXT` or `CALL`."""
        self.results = array("I")
        """The number of tools' results that they show after the last message."""
        self.digests: dict[str, int] = {}
        """The digest of a text that a model was shown -> its number."""
        self.callers: list[str] = []
        self.agents: list[str] = []
        self.tools: list[tuple[str, ...]] = []
        """The tools that an answer calls."""
        self.prompt_tokens, self.output_tokens = array("Q"), array("Q")
        """Tokens of each request, and of its answer."""
        self.dialects: Counter[str] = Counter()
        """The API -> its number of calls."""
        self.refusals: dict[int, str] = {}
        """The number of a call that a quota refused -> the exhausted quota."""
        self.refused: Counter[str] = Counter()
        """The exhausted quota -> calls refused because of it."""
        self.errors = 0
        """Calls that were answered with an error."""
        self.returned = array("Q")
        """Signatures that each call brought back as they were issued."""
        self.changed = array("Q")
        """Signatures that it brought back with another value."""
        self._shown = array("I")
        self._bounds = array("Q", [0])
        self._take(calls)

    def _take(self, calls: Iterable[ModelCall]) -> None:
        digests, shown = self.digests, self._shown
        callers: dict[str, int] = {}
        agents: dict[str, int] = {}
        tools: dict[tuple[str, ...], int] = {}
        for call in calls:
            self.t.append(call.t)
            self.caller.append(callers.setdefault(call.caller, len(callers)))
            self.agent.append(agents.setdefault(call.agent, len(agents)))
            self.names.append(tools.setdefault(call.names, len(tools)))
            whole = call.done is not None and call.fault is None
            self.answer.append(_ANSWERS.get(call.answer, OTHER) if whole else OTHER)
            self.results.append(max(call.steps.count("R"), len(call.results)))
            self.returned.append(call.signatures.returned)
            self.changed.append(call.signatures.changed)
            self.errors += call.status >= _ERROR_STATUS
            self.prompt_tokens.append(call.prompt_tokens)
            self.output_tokens.append(call.output_tokens)
            self.dialects[call.dialect] += 1
            if call.refused is not None:
                self.refusals[len(self.t) - 1] = call.refused
                self.refused[call.refused] += 1
            shown.extend([digests.setdefault(each, len(digests)) for each in call.messages])
            self._bounds.append(len(shown))
        self.callers, self.agents, self.tools = list(callers), list(agents), list(tools)

    def __len__(self) -> int:
        return len(self.t)

    def shown(self, number: int) -> array[int]:
        """The numbers of the digests of the texts that a call showed, in their order."""
        return self._shown[self._bounds[number] : self._bounds[number + 1]]


def read_rehearsal(run_dir: Path, damaged: list[DamagedLine]) -> list[TurnRecord]:
    """The turns of the rehearsal; none when it was not recorded.

    Lines that are not whole are added to `damaged`.  Raises HistoryError as `lines.read`.
    """
    return list(lines.read(run_dir / REHEARSAL, TurnRecord, damaged))
