"""Diya's own image, built from the local sources by `docker build`.

It is built before every run, which must not judge old code: while nothing has changed, Docker's
layer cache gives the same image in about a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chaos.containers.docker_errors import REFUSALS, told
from chaos.errors import ContainersUnavailable

SERVICE = "diya-service"
"""The service's image when none is named."""
GENERATOR = "diya-generator"
"""The load generator's, which only compose needs."""
NAMES = (SERVICE, GENERATOR)

_DOCKERFILE = "Dockerfile"
_RECIPE = Path(__file__).parent / "recipe"
"""Links to deploy/Dockerfile and constraints.txt; in a wheel, which has neither, copies of them."""
_TOP = Path(__file__).resolve().parents[2]
_ROOMS = ("target_service", "loadtests", "reports")
"""The packages that the Dockerfile copies: of them the modules, and these files; .dockerignore
names the same.  Nothing else that lies in their folders may get into an image: editors and ADK's
server leave customers' messages and secrets there."""
_DATA = (
    "target_service/sessions/lua/*.lua",
    "loadtests/shopmax.toml",
    # By name: other files there may be the user's own.
    "loadtests/profiles/diwali-extreme.toml",
    "loadtests/profiles/diwali-stress.toml",
    "loadtests/profiles/diwali.toml",
    "loadtests/profiles/flash-sale.toml",
    "loadtests/profiles/smoke.toml",
    "loadtests/profiles/soak.toml",
    "loadtests/profiles/ttl-edge.toml",
    "reports/render/*.css",
    "reports/render/*.js",
    "reports/*.schema.json",
    "reports/capacity/answer.schema.json",
    "reports/capacity/prices.toml",
    "reports/measures/model_quota/presets.toml",
    "reports/model_cost/model_prices.toml",
)
_LONGEST_SILENCE_S = 900
_LATER = "name an image of yours instead (--image, in tests --diya-image)"


def ensure(client: Any, say: Callable[[str], None]) -> None:
    """Make the service's image of the sources that are here.  Raises ContainersUnavailable."""
    files = _context()
    say(f"building {SERVICE} of the sources in {_TOP}")
    try:
        with _alone():
            client.images.build(
                fileobj=_tar(files),
                custom_context=True,
                dockerfile=_DOCKERFILE,
                tag=SERVICE,
                target="service",
                buildargs=_arguments(),
                rm=True,
                forcerm=True,
                # pip is silent for longer than any other call may be.
                timeout=_LONGEST_SILENCE_S,
            )
    except REFUSALS as error:
        raise ContainersUnavailable(
            f"image {SERVICE!r} cannot be built of the sources in {_TOP}: {told(error)}; {_LATER}"
        ) from None


def _arguments() -> dict[str, str]:
    """The base image, if it is not the Dockerfile's default."""
    base = os.environ.get("DIYA_BASE_IMAGE")
    return {"BASE": base} if base else {}


def _context() -> dict[str, bytes]:
    """Name → content of every file that the Dockerfile may copy, and of itself.

    Raises ContainersUnavailable where they are not.
    """
    found = {}
    try:
        for name in (_DOCKERFILE, "constraints.txt"):
            found[name] = (_RECIPE / name).read_bytes()
        for path in _sources(_TOP):
            found[str(path.relative_to(_TOP))] = path.read_bytes()
    except OSError as error:
        raise ContainersUnavailable(
            f"image {SERVICE!r} cannot be built: {error.filename}: {error.strerror}; {_LATER}"
        ) from None
    return found


def _sources(top: Path) -> Iterator[Path]:
    """The modules and the data of diya's packages, and nothing else."""
    for room in _ROOMS:
        for package in (top / room).rglob("__init__.py"):
            folders = [package.parent, *package.parent.parents]
            within = folders[: folders.index(top)]
            if all(
                (each / "__init__.py").is_file() and each.name.isidentifier() for each in within
            ):
                modules = package.parent.glob("*.py")
                yield from (each for each in modules if each.stem.isidentifier())
    for pattern in _DATA:
        yield from (each for each in top.glob(pattern) if each.is_file())


def _tar(files: dict[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        # Docker would make folders that are not in the archive writable for all users.
        for folder in sorted({str(each) for name in files for each in Path(name).parents} - {"."}):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(member)
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    buffer.seek(0)
    return buffer


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Tests that start together do not all build: the others wait for the first."""
    path = Path(tempfile.gettempdir()) / f"diya-build-{os.getuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
