"""The cores that a run may use: the scheduler's affinity and the limits of control groups."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.run.sampling.host import allowed_cores, usable_cores
from tests.harness.run.sampling.kernel_files import written

ALL = float(len(allowed_cores()))


def limited(tmp_path: Path, membership: str, files: dict[str, str]) -> float:
    """The usable cores with these control groups."""
    return usable_cores(*written(tmp_path, membership, files))


def test_a_process_without_limits_may_use_every_core_it_may_run_on(tmp_path: Path) -> None:
    assert limited(tmp_path, "0::/\n", {"cpu.max": "max 100000\n"}) == ALL
    assert usable_cores(tmp_path / "nothing", tmp_path / "nowhere") == ALL


@pytest.mark.parametrize("path", ["cpu.max", "mine/cpu.max", "mine/inner/cpu.max"])
def test_a_limit_of_version_2_counts_wherever_it_stands_above(tmp_path: Path, path: str) -> None:
    assert limited(tmp_path, "0::/mine/inner\n", {path: "50000 100000\n"}) == 0.5


def test_a_container_that_is_named_by_its_host_reads_its_own_group(tmp_path: Path) -> None:
    files = {"cpu/cpu.cfs_quota_us": "25000\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert limited(tmp_path, "3:cpu,cpuacct:/docker/abc\n", files) == 0.25


def test_a_group_of_version_1_without_a_quota_limits_nothing(tmp_path: Path) -> None:
    files = {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert limited(tmp_path, "1:cpu:/\n0::/\n", files) == ALL


def test_a_broken_limit_limits_nothing(tmp_path: Path) -> None:
    assert limited(tmp_path, "0::/\n", {"cpu.max": "nonsense\n"}) == ALL


@pytest.mark.service
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds processes to cores")
def test_a_process_bound_to_one_core_may_use_one() -> None:
    code = (
        "import os; from harness.run.sampling import host;"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "print(host.usable_cores() <= 1, len(host.allowed_cores()))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "1"]
