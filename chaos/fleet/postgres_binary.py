"""Where PostgreSQL is on this machine, and the user that may run it."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from chaos.errors import ChaosConfigError

DEBIAN = Path("/usr/lib/postgresql")


def binaries(debian: Path = DEBIAN) -> Path:
    """The folder with `initdb` and `postgres`: of PATH, or of Debian's newest package.

    Raises ChaosConfigError when there is none.
    """
    if (found := shutil.which("initdb")) and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    versions = [each for each in debian.glob("*/bin") if (each / "initdb").exists()]
    if not versions:
        raise ChaosConfigError(
            f"PostgreSQL must be installed: there is no initdb on PATH or in {debian}/*/bin "
            "(Debian: apt-get install postgresql)"
        )
    return max(versions, key=lambda each: _numbers(each.parent.name))


def version(folder: Path) -> str:
    """The server's version, such as `15.14`."""
    told = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
    )
    found = re.search(r"\d+(\.\d+)*", told.stdout)
    return found[0] if found else told.stdout.strip()


def unprivileged() -> pwd.struct_passwd | None:
    """The user to run it as, because PostgreSQL refuses root; None: this user, who is not root.

    Raises ChaosConfigError when there is no such user.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ChaosConfigError(
        "PostgreSQL must not be run by root, and there is no user `postgres` or `nobody`"
    )


def _numbers(text: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", text)]
