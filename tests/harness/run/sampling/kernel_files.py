"""Files as those in which the kernel shows control groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def written(tmp_path: Path, membership: str, files: Mapping[str, str]) -> tuple[Path, Path]:
    """The file of the process's groups, and the folder with these files of the groups."""
    processes, groups = tmp_path / "cgroup", tmp_path / "groups"
    processes.write_text(membership)
    for name, text in files.items():
        path = groups / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return processes, groups
