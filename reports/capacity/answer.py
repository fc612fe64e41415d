"""The answer sheet as data: `answer.json`, from which every rendering is made.

Its form is published in `answer.schema.json`, which is generated from these types.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from reports.figures.figure import Figure, Label

SCHEMA_VERSION = 1
FILE = "answer.json"
SCHEMA_FILE = Path(__file__).with_name("answer.schema.json")

Text = Annotated[str, Meta(min_length=1)]


class Part(StrEnum):
    """The parts of the sheet, in their order."""

    SUSTAINABLE = "Sustainable"
    TURN = "Cost of a turn"
    FLEET = "Fleet"
    REDIS = "Redis"
    COST = "Cost"
    HEADROOM = "Headroom"
    AUTOSCALE = "Autoscale"
    WHAT_IF = "What if"
    SANITY = "Sanity check, never used for the answer"


class Line(Struct, frozen=True, kw_only=True):
    """One line: a figure under a name."""

    part: Part
    title: Text
    figure: Figure
    note: str = ""
    """What belongs to the figure, for example the limit beside it."""
    recommended: bool = False
    """The figure to provide."""


class Style(StrEnum):
    """How a series is drawn."""

    LINE = "line"
    DASHED = "dashed"
    """Beyond the measurements, or a sanity check."""
    POINTS = "points"
    HOLLOW = "hollow"
    """Points that prove nothing: those of probes that were not sound."""


class Series(Struct, frozen=True, kw_only=True):
    """One series of a chart."""

    name: Text
    style: Style
    label: Label
    points: tuple[tuple[float, float], ...]


class Mark(Struct, frozen=True, kw_only=True):
    """A straight line across a chart: the knee, a limit, the target."""

    name: Text
    at: float
    upright: bool
    """True: at this x; False: at this y."""


class Chart(Struct, frozen=True, kw_only=True):
    """One chart of the page."""

    title: Text
    x: Text
    """What the horizontal axis shows."""
    y: Text
    x_unit: str
    y_unit: str
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    note: str = ""


class Verdict(StrEnum):
    """The answer for the target with what runs today; if that was not said, with what is needed."""

    GO = "GO"
    NO_GO = "NO-GO"
    INCONCLUSIVE = "INCONCLUSIVE"


class Trust(Struct, frozen=True, kw_only=True):
    """How far the sheet can be trusted."""

    probes: int
    seconds: float | None
    """The duration of the capacity run."""
    others_share: float | None
    """The largest share of the other cores that was busy in a probe."""
    run_cv: float | None
    """The coefficient of variation of CPU a turn over the probes."""
    sessions_measured: int | None
    """The largest number of sessions in Redis that was measured."""
    replicas_checked: int | None
    """The largest measured fleet against which the simulator was checked."""
    notes: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    """What nothing here has looked at."""


class AnswerSheet(Struct, frozen=True, kw_only=True):
    """All of `answer.json`."""

    schema_version: int = SCHEMA_VERSION
    run: str
    """The directory of the capacity run."""
    profile: str
    sessions: str
    agent: str | None
    environment: dict[str, Any]
    slo: dict[str, float]
    target: Text
    replicas_today: int | None
    """None: not said."""
    zones: int
    verdict: Verdict
    headline: Text
    reasons: tuple[str, ...]
    """Why the verdict is not GO, one sentence each."""
    lines: dict[str, Line]
    """Key → line, in the order of the sheet; for example `fleet.zone_lost`."""
    prices: str
    """Provider, region, date and sources of the prices."""
    charts: tuple[Chart, ...]
    trust: Trust


def to_json(sheet: AnswerSheet) -> str:
    """The text of `answer.json`."""
    return msgspec.json.format(msgspec.json.encode(sheet), indent=1).decode() + "\n"


def schema() -> str:
    """The text of `answer.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(_schema()), indent=1).decode() + "\n"


def _schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(AnswerSheet),
    }
