"""Every reference page: its file name and the function that generates its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.reference import (
    commands,
    comparison,
    exit_codes,
    faults,
    gates,
    model_prices,
    prices,
    profile,
    pytest_plugin,
    result,
    run_directory,
)

PAGES: Mapping[str, Callable[[], str]] = {
    "command-line.md": commands.page,
    "exit-codes.md": exit_codes.page,
    "profile.md": profile.page,
    "prices.md": prices.page,
    "model-prices.md": model_prices.page,
    "faults.md": faults.page,
    "gates.md": gates.page,
    "run-directory.md": run_directory.page,
    "result.md": result.page,
    "comparison.md": comparison.page,
    "pytest.md": pytest_plugin.page,
}
