"""A project is found by the labels of compose, in the words of both of its versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaos.containers.project import finding
from chaos.errors import ChaosConfigError
from chaos.fleet.project_plan import ProjectPlan, ServiceName

FOLDER = "/home/shop/deploy"
FILE = Path(FOLDER) / "shop.yaml"


class Engine:
    """As much of Docker's API as finding a project needs."""

    def __init__(self, *containers: dict[str, Any]) -> None:
        self.api = self
        self._containers = {each["Id"]: each for each in containers}

    def containers(self, *, all: bool, filters: dict[str, str]) -> list[dict[str, Any]]:
        """All of them, as `docker ps --all` lists them."""
        assert all
        assert filters == {"label": finding.PROJECT_LABEL}
        return [
            {"Id": each["Id"], "Labels": each["Config"]["Labels"]}
            for each in self._containers.values()
        ]

    def inspect_container(self, name: str) -> dict[str, Any]:
        """One of them."""
        return self._containers[name]


def container(service: str, number: int = 1, *, status: str = "running", **labels: str) -> Any:
    """A container of the project `shop`."""
    given = {
        finding.PROJECT_LABEL: "shop",
        finding.SERVICE_LABEL: service,
        finding.NUMBER_LABEL: str(number),
        "com.docker.compose.project.working_dir": FOLDER,
        "com.docker.compose.project.config_files": str(FILE),
        "com.docker.compose.oneoff": "False",
        **{
            f"com.docker.compose.{name.replace('__', '.')}": value for name, value in labels.items()
        },
    }
    project = given[finding.PROJECT_LABEL]
    return {
        "Id": f"{project}-{service}-{number}",
        "Name": f"/{project}_{service}_{number}",
        "Config": {"Labels": given},
        "State": {
            "Running": status in ("running", "paused"),
            "Paused": status == "paused",
            "Restarting": False,
            "Status": status,
        },
    }


def plan(**more: Any) -> ProjectPlan:
    """The agent alone, of that file."""
    return ProjectPlan(**{"file": FILE, "agent": ServiceName("api"), **more})


@pytest.mark.parametrize(
    "written", [str(FILE), "shop.yaml", "deploy/shop.yaml", f"{FOLDER}/base.yaml,{FILE}"]
)
def test_a_file_is_recognised_however_compose_wrote_it(written: str) -> None:
    labels = {
        "com.docker.compose.project.working_dir": FOLDER,
        "com.docker.compose.project.config_files": written,
    }
    assert finding.is_from(FILE, labels)
    assert not finding.is_from(FILE.with_name("other.yaml"), labels)
    assert not finding.is_from(FILE, {})


def test_the_containers_of_a_service_come_in_the_order_of_their_numbers() -> None:
    once = container("api", 1, oneoff="True")
    once["Id"] = "by docker-compose run"
    done, strange = container("migration", status="exited"), container("api", project="other")
    apis = [container("api", number) for number in (10, 2, 1)]
    engine = Engine(*apis, container("web"), once, done, strange)
    found = finding.find(engine, plan(name="shop", balancer=ServiceName("web")))
    assert found.name == "shop"
    assert [each["Id"] for each in found.agent] == ["shop-api-1", "shop-api-2", "shop-api-10"]
    assert found.balancer is not None
    assert found.redis is None
    assert set(found.others) == {"by docker-compose run", "shop-migration-1"}


def refusal(engine: Engine, asked: ProjectPlan) -> str:
    """The sentence with which the plan is refused."""
    with pytest.raises(ChaosConfigError) as refused:
        finding.find(engine, asked)
    return str(refused.value)


def test_a_project_that_does_not_run_is_refused() -> None:
    elsewhere = container("api", project__config_files="/other.yaml")
    said = refusal(Engine(elsewhere), plan())
    assert "no running project was started from this file" in said
    assert said.endswith("these run: shop")


def test_one_of_two_projects_of_a_file_must_be_named() -> None:
    engine = Engine(container("api"), container("api", project="shop2"))
    assert "the projects shop and shop2 were started" in refusal(engine, plan())
    assert finding.find(engine, plan(name="shop2")).name == "shop2"
    assert "did you mean shop2" in refusal(engine, plan(name="shop22"))


@pytest.mark.parametrize("status", ["exited", "paused"])
def test_a_container_that_does_not_run_is_refused_by_its_name(status: str) -> None:
    engine = Engine(container("api", 1), container("api", 2, status=status))
    said = refusal(engine, plan())
    assert said == (
        f"--service api: container shop_api_2 must run before the load begins, it is {status}"
    )
