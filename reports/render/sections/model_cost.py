"""The cost of the model: calls, tokens and money, each with its origin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from reports.figures.figure import Figure, Label
from reports.render import formatting, view
from reports.render.answer.view import LABELS, interval, value
from reports.render.sections.section import Content, Section, Table
from reports.render.view import Result

_TITLES = {
    "calls_per_turn": "Calls a turn",
    "input_per_turn": "Tokens that a turn reads",
    "output_per_turn": "Tokens that a turn writes",
    "first_turn": "A first turn reads",
    "added_per_turn": "Each turn reads more than the one before it",
    "added_share": "As a share of a first turn",
    "run": "The load of this run",
    "night_conversations": "Conversations of the whole night",
    "night": "The whole night",
    "million": "A million conversations",
}
_KINDS = {
    "answered": "answered for the first time",
    "repeated": "answered again, after a retry",
    "cut": "cut off in the middle",
    "failed": "failed, not billed",
    "refused": "refused (429), not billed",
    "rehearsal": "before the load",
}
_HEAD = ("Calls", "calls", "a turn", "tokens in", "tokens out", "price")
_APART = {"repeated": "repeated", "cut": "cut off", "failed": "failed", "refused": "refused"}
_ESTIMATE = (
    "Tokens are counted by the stand-in, at 4 bytes of text a token: an estimate. Prices: {}, "
    "without discounts for cached prompts or batches. The night and the million leave the retries "
    "of this run out."
)


def _part(result: Result) -> dict[str, Any]:
    return view.part(result, "model_cost")


def _figure(result: Result, name: str) -> Figure | None:
    """A figure of the result; None when it is missing, or damaged."""
    try:
        return msgspec.convert((_part(result).get("figures") or {}).get(name), Figure)
    except msgspec.ValidationError:
        return None


def _shown(figure: Figure | None) -> str:
    if figure is None:
        return formatting.MISSING
    if _is_money(figure.unit) and figure.value is not None:
        return formatting.money(figure.value, figure.unit)
    return value(figure)


def _between(figure: Figure) -> str:
    if not _is_money(figure.unit):
        return interval(figure)
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    low, high = (formatting.money(end, figure.unit) for end in (figure.low, figure.high))
    return "" if low == high else f"{low.rpartition(' ')[0]} – {high.rpartition(' ')[0]}"


def _is_money(unit: str) -> bool:
    return len(unit) == 3 and unit.isupper()


def _figures(result: Result) -> Content:
    """The figures with their intervals and origins."""
    if not _part(result):
        return ""
    rows = []
    for name, title in _TITLES.items():
        figure = _figure(result, name)
        if figure is not None:
            label = LABELS[figure.label]
            note = formatting.clean(figure.why)
            rows.append((title, _shown(figure), _between(figure), label, note))
    prices = formatting.clean(_part(result).get("prices") or formatting.MISSING)
    heads = ["", "value", "interval", "origin", ""]
    return Table(heads, rows, _ESTIMATE.format(prices), "numbers origins")


def _shares(result: Result) -> Content:
    """The calls by model, agent and kind."""
    rows: list[tuple[str, ...]] = []
    for key, words in (("by_model", "model"), ("by_agent", "agent"), ("by_kind", "calls")):
        for share in _part(result).get(key) or ():
            name = formatting.clean(share.get("name") or "not said")
            rows.append((f"{words} {name}" if key != "by_kind" else _KINDS.get(name, name),
                         *_numbers(result, share)))  # fmt: skip
    return Table(_HEAD, rows) if rows else ""


def _numbers(result: Result, share: dict[str, Any]) -> tuple[str, ...]:
    keys = ("calls", "calls_per_turn", "prompt_tokens", "output_tokens")
    return *(_count(share, key) for key in keys), _price(result, share)


def _turns(result: Result) -> Content:
    """The tokens of a turn by its number, and of a whole conversation."""
    rows = [
        (
            _count(row, "turn"),
            _count(row, "turns"),
            *(_whole(view.number(row, key)) for key in ("prompt_tokens", "line", "conversation")),
        )
        for row in _part(result).get("by_turn") or ()
    ]
    head = [
        "Turn",
        "turns",
        "reads, tokens",
        "by the line",
        "a conversation up to it reads",
    ]
    note = (
        "A turn reads the conversation before it, so a conversation's cost grows with the square "
        "of its turns."
    )
    return Table(head, rows, note) if rows else ""


def _whole(number: float | None) -> str:
    return formatting.MISSING if number is None else f"{number:,.0f}"


def _screen(result: Result) -> list[tuple[str, str]]:
    if not _part(result):
        return []
    turn = (
        ("calls_per_turn", "a turn {}"),
        ("input_per_turn", "{} in"),
        ("output_per_turn", "{} out"),
    )
    grows = (("added_per_turn", "each turn reads {} more than the one before it"),)
    money = (("run", "this load {}"), ("night", "the night {}"), ("million", "a million {}"))
    return [
        ("Model", _told(result, turn)),
        ("", _told(result, grows)),
        ("", _told(result, money)),
        *_apart(result),
    ]


def _told(result: Result, parts: Sequence[tuple[str, str]]) -> str:
    """Figures in words; the origin once where it is the same."""
    known = [(_figure(result, name), words) for name, words in parts]
    labels = [Label.UNKNOWN if figure is None else figure.label for figure, _ in known]
    same = len(set(labels)) == 1
    told = []
    for (figure, words), label in zip(known, labels, strict=True):
        unknown = label is Label.UNKNOWN
        shown = words.format(LABELS[label] if unknown else _shown(figure))
        told.append(shown if same or unknown else f"{shown} ({LABELS[label]})")
    end = f" ({LABELS[labels[0]]})" if same and labels[0] is not Label.UNKNOWN else ""
    return ", ".join(told) + end


def _apart(result: Result) -> list[tuple[str, str]]:
    """A line for the calls that were tried again, failed or refused; none without them."""
    kinds = {share.get("name"): share for share in _part(result).get("by_kind") or ()}
    told = [
        f"{_count(share, 'calls')} {words} ({_price(result, share)})"
        for kind, words in _APART.items()
        if (share := kinds.get(kind)) is not None
    ]
    return [("", f"of its calls {', '.join(told)}")] if told else []


def _count(values: dict[str, Any], key: str) -> str:
    return formatting.count(view.number(values, key))


def _price(result: Result, share: dict[str, Any]) -> str:
    currency = formatting.clean(_part(result).get("currency") or "")
    return formatting.money(view.number(share, "money"), currency)


SECTION = Section("Cost of the model", _figures, _figures, _screen)
SHARES = Section("Calls of the model", _shares, _shares)
TURNS = Section("Tokens by the number of the turn", _turns)
