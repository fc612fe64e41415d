"""The memory that a run may still take: the machine's, and the limits of control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.run.sampling.free_memory import free_memory
from tests.harness.run.sampling.kernel_files import written

MIB = 1 << 20


def limited(tmp_path: Path, membership: str, files: dict[str, str]) -> float:
    """The free memory with these control groups."""
    return free_memory(*written(tmp_path, membership, files))


def test_without_a_limit_it_is_what_the_machine_has_free(tmp_path: Path) -> None:
    free = free_memory(tmp_path / "nothing", tmp_path / "nowhere")
    assert free > 64 * MIB
    files = {"memory.max": "max\n", "memory.current": f"{MIB}\n"}
    assert limited(tmp_path, "0::/\n", files) > 64 * MIB


@pytest.mark.parametrize("group", ["", "mine/"])
def test_a_limit_leaves_what_is_not_in_use_but_for_the_cache_of_files(
    tmp_path: Path, group: str
) -> None:
    files = {
        f"{group}memory.max": f"{32 * MIB}\n",
        f"{group}memory.current": f"{20 * MIB}\n",
        f"{group}memory.stat": f"anon 1\ninactive_file {8 * MIB}\n",
    }
    assert limited(tmp_path, "0::/mine\n", files) == 20 * MIB


def test_a_limit_of_version_1_counts_too(tmp_path: Path) -> None:
    files = {
        "memory/memory.limit_in_bytes": f"{32 * MIB}\n",
        "memory/memory.usage_in_bytes": f"{20 * MIB}\n",
    }
    assert limited(tmp_path, "7:memory:/docker/abc\n", files) == 12 * MIB


def test_a_group_beyond_its_limit_leaves_nothing(tmp_path: Path) -> None:
    files = {"memory.max": f"{MIB}\n", "memory.current": f"{2 * MIB}\n"}
    assert limited(tmp_path, "0::/\n", files) == 0
