"""Where images come from: ours from the sources, others from here or from a registry."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from testcontainers.core.config import testcontainers_config

from chaos.containers import reaper, service_image
from chaos.containers.engine import ensure, has_image
from chaos.errors import ContainersUnavailable
from tests.containers.registry import Registry
from tests.harness import command


@pytest.fixture
def service(engine: Any, local_images: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A name for our service's image that is nobody else's."""
    name = f"diya-test/own-{secrets.token_hex(4)}:latest"
    monkeypatch.setattr(service_image, "SERVICE", name)
    monkeypatch.setenv("DIYA_BASE_IMAGE", local_images.PYTHON)
    yield name
    remove(engine, name)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the image's sources, which a test may change."""
    for room in service_image._ROOMS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(command.ROOT / room, tmp_path / room, ignore=ignored)
    monkeypatch.setattr(service_image, "_TOP", tmp_path)
    return tmp_path


def remove(engine: Any, *names: str) -> None:
    for name in names:
        if has_image(engine, name):
            engine.images.remove(name, force=True)


def test_our_image_is_built_anew_when_the_sources_have_changed_and_not_otherwise(
    engine: Any, local_images: Any, service: str, sources: Path
) -> None:
    said: list[str] = []

    def current() -> str:
        return ensure(engine, {"service": service}, said.append)["service"]["id"]

    old = current()
    assert current() == old
    # An image holds no modification times.
    (sources / "target_service" / "model" / "scripted.py").touch()
    assert current() == old
    assert said == [f"building {service} of the sources in {sources}"] * 3
    # A changed file, as after `git pull`.
    with (sources / "target_service" / "model" / "scripted.py").open("a") as file:
        file.write("# Something else.\n")
    new = current()
    assert new != old
    engine.images.remove(old)
    told = engine.containers.run(
        service, ["cat", "/app/target_service/model/scripted.py"], remove=True
    )
    assert told.decode().endswith("# Something else.\n")
    # An image of other sources under the same name is not used.
    engine.images.get(local_images.SERVICE).tag(service)
    assert current() == new


@pytest.mark.usefixtures("service")
def test_a_failed_build_asks_for_an_image_and_nothing_is_pulled(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_image, "_RECIPE", tmp_path)
    said: list[str] = []
    with pytest.raises(ContainersUnavailable, match=r"cannot be built: .*--image.*--diya-image"):
        ensure(engine, {"service": service_image.SERVICE}, said.append)
    assert not any(line.startswith("pulling") for line in said)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, engine: Any) -> Iterator[Registry]:
    """A registry with two images, one of them Ryuk's, of which nothing is here yet."""
    monkeypatch.delenv("TESTCONTAINERS_RYUK_DISABLED", raising=False)
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", False)
    with Registry(["redis", "ryuk"]) as running:
        monkeypatch.setattr(testcontainers_config, "ryuk_image", f"{running.host}/ryuk:1")
        yield running
        remove(engine, f"{running.host}/redis:1", f"{running.host}/ryuk:1")


def test_ryuk_is_pulled_where_another_image_was_and_then_it_is_used(
    engine: Any, registry: Registry
) -> None:
    said: list[str] = []
    redis = f"{registry.host}/redis:1"
    used = ensure(engine, {"redis": redis}, said.append)
    assert used["redis"]["name"] == redis
    assert used["redis"]["id"].startswith("sha256:")
    assert registry.pulled == {"redis", "ryuk"}
    assert said == [f"pulling {redis}", f"pulling {registry.host}/ryuk:1"]
    reaper.choose(engine)
    assert testcontainers_config.ryuk_disabled is False


def test_ryuk_is_not_looked_for_when_every_image_is_here(
    engine: Any, registry: Registry, local_images: Any
) -> None:
    ensure(engine, {"redis": local_images.REDIS}, lambda _: None)
    assert registry.pulled == set()
    reaper.choose(engine)
    assert testcontainers_config.ryuk_disabled is True


def test_a_ryuk_that_cannot_be_pulled_is_no_error(
    engine: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = f"{registry.host}/nowhere:1"
    monkeypatch.setattr(testcontainers_config, "ryuk_image", nowhere)
    said: list[str] = []
    ensure(engine, {"redis": f"{registry.host}/redis:1"}, said.append)
    assert said[-1] == f"pulling {nowhere}"
    reaper.choose(engine)
    assert testcontainers_config.ryuk_disabled is True


def test_the_users_choice_about_ryuk_is_kept(
    engine: Any, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "false")
    ensure(engine, {"redis": f"{registry.host}/redis:1"}, lambda _: None)
    assert registry.pulled == {"redis"}
    reaper.choose(engine)
    assert testcontainers_config.ryuk_disabled is False
