"""The sections of the reports, one file each: a new one is its file and a row here."""

from __future__ import annotations

from reports.render.sections import faults, latency, load, memory, model_cost
from reports.render.sections.section import Section, Table
from reports.render.sizing_view import sizing_line
from reports.render.slo_view import slo_line
from reports.render.uneven_view import uneven_line

__all__ = ["LINES", "SECTIONS", "Section", "Table"]

SECTIONS = (
    faults.SECTION,
    latency.SECTION,
    memory.SECTION,
    load.SECTION,
    model_cost.SECTION,
    model_cost.SHARES,
    model_cost.TURNS,
)
"""In the order of the page."""

LINES = (sizing_line, slo_line, uneven_line)
"""The lines below the verdict in every report; a line may be empty."""
