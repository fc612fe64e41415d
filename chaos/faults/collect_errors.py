"""Runs several steps although one of them fails, and collects their errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chaos.errors import ChaosError


def do_all(steps: Iterable[Callable[[], object]]) -> None:
    """Do each in turn.  Raises one ChaosError at the end, which lists every failure."""
    failures: list[str] = []
    for step in steps:
        try:
            step()
        except Exception as error:
            failures.append(sentence(error))
    if failures:
        raise ChaosError("; ".join(dict.fromkeys(failures)))


def sentence(error: Exception) -> str:
    """An error as the sentence of a fault window."""
    return str(error) if isinstance(error, ChaosError) else f"{type(error).__name__}: {error}"
