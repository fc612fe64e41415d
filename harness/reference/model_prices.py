"""The page of the keys of model prices, from the types of such a file."""

from __future__ import annotations

from harness.reference import docstrings, markdown
from harness.reference.prices import table
from reports.model_cost.prices import FILE, ModelPrice, ModelPrices

_INTRO = """\
`--model-prices FILE` takes a TOML file with these keys. [The cost of the model](../model-cost.md)
tells what they are for. A key that is not in these tables is refused, with the nearest known key in
the message. Your file replaces the one that comes with diya."""


def page() -> str:
    """The page."""
    shipped = FILE.read_text(encoding="utf-8").strip()
    return markdown.page(
        "Model price keys",
        _INTRO,
        "## Top level",
        docstrings.summary(ModelPrices),
        table(ModelPrices, {"model"}),
        "## `[[model]]`",
        docstrings.summary(ModelPrice),
        table(ModelPrice),
        "## The prices that come with diya",
        f"```toml\n{shipped}\n```",
    )
