"""The Docker engine, and the images that a run needs from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chaos.errors import ContainersUnavailable

try:
    import docker
    from docker.errors import APIError, BuildError, DockerException, ImageNotFound
except ImportError as error:  # pragma: no cover - the extra is installed where this is tested
    raise ContainersUnavailable(
        "containers need the packages docker and testcontainers: pip install 'diya[ci]'"
    ) from error

SERVICE = "diya-service"
"""The service's image when none is named; built from deploy/Dockerfile where that is at hand."""
REDIS = "redis:8"
ENVOY = "envoyproxy/envoy:v1.34-latest"

_TIMEOUT_S = 60
_ROOT = Path(__file__).resolve().parents[2]


def connect() -> Any:
    """A client of the engine that the environment names.  Raises ContainersUnavailable."""
    try:
        client = docker.from_env(timeout=_TIMEOUT_S)
        client.ping()
    except (DockerException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "the default socket")
        raise ContainersUnavailable(f"no Docker engine answers at {where}: {error}") from None
    return client


def has_image(client: Any, image: str) -> bool:
    """Whether it is here."""
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def ensure_image(client: Any, image: str, say: Callable[[str], None]) -> None:
    """An image that is here is used; else it is built (the default service's) or pulled.

    Raises ContainersUnavailable when it can be had from nowhere.
    """
    if has_image(client, image):
        return
    dockerfile = _ROOT / "deploy" / "Dockerfile"
    if image == SERVICE and dockerfile.is_file():
        _build(client, dockerfile, say)
        return
    say(f"pulling {image}")
    try:
        client.images.pull(image)
    except (APIError, DockerException, OSError) as error:
        reason = getattr(error, "explanation", None) or error
        ours = "; it is built from deploy/Dockerfile, or name one of yours with --image"
        raise ContainersUnavailable(
            f"image {image!r} is not here and cannot be pulled: {reason}"
            f"{ours if image == SERVICE else ''}"
        ) from None


def _build(client: Any, dockerfile: Path, say: Callable[[str], None]) -> None:
    say(f"building {SERVICE} from {dockerfile.relative_to(_ROOT)}")
    arguments = {}
    if base := os.environ.get("DIYA_BASE_IMAGE"):
        arguments["BASE"] = base
    try:
        client.images.build(
            path=str(_ROOT),
            dockerfile=str(dockerfile),
            tag=SERVICE,
            target="service",
            buildargs=arguments,
            rm=True,
        )
    except (APIError, BuildError, DockerException) as error:
        raise ContainersUnavailable(
            f"image {SERVICE!r} is not here and cannot be built: {error}"
        ) from None
