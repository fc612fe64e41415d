"""The runs that a test compares its own with: `--diya-baseline [LABEL=]DIR|FILE`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError
from harness.pytest_plugin.errors import PlanError
from harness.pytest_plugin.settings import not_known
from harness.run.directory import stored_results
from harness.run.directory.stored_results import Found

_LABELLED = re.compile(r"([A-Za-z_][\w.-]*)=(.+)", re.DOTALL)


@dataclass(frozen=True)
class Baseline:
    """The runs of one path with their label; None: they answer to every label."""

    label: str | None
    path: Path
    runs: tuple[Found, ...]


def read(word: str, root: Path) -> Baseline:
    """The baseline that a word means; a relative path starts at `root`.

    Raises PlanError for a path that does not exist, and for a file that is no result.
    """
    labelled = _LABELLED.fullmatch(word)
    if labelled is None or (root / word).exists():
        label, path = None, root / Path(word).expanduser()
    else:
        label, path = labelled[1], root / Path(labelled[2]).expanduser()
    try:
        return Baseline(label, path, tuple(stored_results.baseline([path])))
    except ConfigError as error:
        raise PlanError(f"--diya-baseline {error}") from None


def runs(baselines: Sequence[Baseline], label: str, where: str) -> list[Found]:
    """The runs of the baseline that a test calls `label`; none where no baseline was given.

    Raises PlanError, which names `where`, for a label that no baseline has.
    """
    chosen = [each for each in baselines if each.label in (label, None)]
    if baselines and not chosen:
        labels = [each.label for each in baselines if each.label is not None]
        raise PlanError(f"{where}: baseline {label!r}{not_known(label, labels)}")
    return [run for each in chosen for run in each.runs]


def arguments(baselines: Sequence[Baseline], *, same_machine: bool = False) -> list[str]:
    """The arguments of `diya readiness`, which keeps the comparison in the run directory; none
    where the labels stand for different baselines."""
    if len({each.label for each in baselines}) != 1:
        return []
    words = [f"--baseline={each.path}" for each in baselines]
    return [*words, "--same-machine"] if same_machine else words
