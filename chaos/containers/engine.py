"""The Docker engine, and the images that a run needs from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound

from chaos.containers import reaper, service_image
from chaos.containers.docker_errors import REFUSALS, told
from chaos.errors import ContainersUnavailable

REDIS = "redis:8"
ENVOY = "envoyproxy/envoy:v1.40-latest"

_TIMEOUT_S = 60

UsedImage = dict[str, str]
"""An image in a record: its `name`, and its `id`, which is a digest of its content."""


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


def ensure(
    client: Any, images: Mapping[str, str], say: Callable[[str], None]
) -> dict[str, UsedImage]:
    """Make all images available; role → its image, for a record.

    Raises ContainersUnavailable when one of them cannot be had.
    """
    if sum(_ensure(client, image, say) for image in images.values()):
        reaper.fetch(client, say)
    return {role: used(client, image) for role, image in images.items()}


def used(client: Any, image: str) -> UsedImage:
    """An image that is here, for a record."""
    return {"name": image, "id": str(client.images.get(image).id)}


def _ensure(client: Any, image: str, say: Callable[[str], None]) -> bool:
    """Use an image that is here, else pull it.  Build diya's own when it is not current.

    Returns whether it was pulled: then a registry is in reach.
    """
    if image == service_image.SERVICE:
        # Never pulled: in a registry this name belongs to another project.
        service_image.ensure(client, say)
        return False
    if has_image(client, image):
        return False
    say(f"pulling {image}")
    try:
        client.images.pull(image)
    except REFUSALS as error:
        raise ContainersUnavailable(
            f"image {image!r} is not here and cannot be pulled: {told(error)}"
        ) from None
    return True
