"""Answers for tools that must not run: recorded ones, else made from what the tool declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from target_service.stand_in.replies import kept, masking, values
from target_service.stand_in.replies.errors import Unsatisfiable
from target_service.stand_in.replies.kept import KeptAnswer
from target_service.stand_in.replies.words import Words

_encode = msgspec.json.Encoder(order="sorted").encode


class ToolAnswers:
    """The answers of tools that do not run."""

    def __init__(self, recording: Path | None = None) -> None:
        """`recording`: the folder of a recording.  Raises RepliesError."""
        self._kept: dict[str, list[KeptAnswer]] = defaultdict(list)
        for each in [] if recording is None else kept.read_answers(recording):
            self._kept[each.tool].append(each)

    def answer(
        self, tool: str, args: Mapping[str, Any], schema: dict[str, Any] | None
    ) -> dict[str, Any]:
        """The recorded answer to such arguments, else one by the schema of the tool's answers.

        The same arguments get the same answer.
        """
        recorded = self._recorded(tool, args)
        if recorded is not None:
            return recorded
        text = _encode(dict(args)).decode()
        if schema is not None:
            words = Words(" ".join(_texts(args)) or tool, f"{tool} {text}")
            try:
                return _table(values.value(schema, words, tool))
            except Unsatisfiable:
                pass
        return {"status": "success", "tool": tool, **args}

    def _recorded(self, tool: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer to the same arguments, else to such that differ in their numbers only."""
        known = self._kept.get(tool)
        if not known:
            return None
        text = _encode(dict(args)).decode()
        texts = [(each, _encode(each.args).decode()) for each in known]
        hidden = masking.masked(text)
        same = [pair for pair in texts if pair[1] == text]
        alike = [pair for pair in texts if masking.masked(pair[1]) == hidden]
        chosen, then = (same or alike or texts)[0]
        names = masking.renaming(masking.tokens([then]), masking.tokens([text]))
        return _table(masking.renamed(_decoded(chosen.answer), names))


def _table(answer: Any) -> dict[str, Any]:
    """The answer as ADK hands it to the model: another value than a table becomes its result."""
    return answer if isinstance(answer, dict) else {"result": answer}


def _decoded(answer: Any) -> Any:
    """The answer as OpenAI's API shows it is a text, mostly of JSON."""
    if not isinstance(answer, str):
        return answer
    try:
        return msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return answer


def _texts(args: Mapping[str, Any]) -> list[str]:
    return [str(each) for each in args.values() if isinstance(each, str | int | float)]
