"""Finds the containers of a running compose project by the labels that compose gives them.

`docker-compose` 1.29 and the compose plugin write the same labels; the older one writes the path of
the file as it stood on its command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.containers.docker_errors import REFUSALS, told
from chaos.errors import ChaosConfigError, ContainersUnavailable
from chaos.fleet.project_plan import ProjectPlan, ServiceName
from reports.basics.suggestions import nearest

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
NUMBER_LABEL = "com.docker.compose.container-number"
_ONE_OFF_LABEL = "com.docker.compose.oneoff"
_FILES_LABEL = "com.docker.compose.project.config_files"
_FOLDER_LABEL = "com.docker.compose.project.working_dir"

Inspected = Mapping[str, Any]
"""A container as `docker inspect` shows it."""


@dataclass(frozen=True)
class FoundProject:
    """A running project, service by service."""

    name: str
    agent: list[Inspected]
    """In the order of their numbers, at least one."""
    redis: Inspected | None
    balancer: Inspected | None
    others: list[str]
    """The ids of its other containers, also of those that do not run."""


def find(client: Any, plan: ProjectPlan) -> FoundProject:
    """The project of the plan; nothing is changed.

    Raises ChaosConfigError unless it runs with the services that the plan names,
    ContainersUnavailable when Docker does not answer.
    """
    try:
        listed = client.api.containers(all=True, filters={"label": PROJECT_LABEL})
        name = _project(listed, plan)
        whole = [each for each in listed if each["Labels"][PROJECT_LABEL] == name]
        of = [each for each in whole if _is_a_service(each)]
        agent = _running(client, of, name, plan.agent)
        redis = None if plan.redis is None else _single(client, of, name, plan.redis, "redis")
        door = plan.balancer
        balancer = None if door is None else _single(client, of, name, door, "balancer")
    except REFUSALS as error:
        raise ContainersUnavailable(f"Docker does not list its containers: {told(error)}") from None
    named = {each["Id"] for each in (*agent, redis, balancer) if each is not None}
    others = [each["Id"] for each in whole if each["Id"] not in named]
    return FoundProject(name, agent, redis, balancer, others)


def _project(listed: Iterable[Inspected], plan: ProjectPlan) -> str:
    all_of_them = [each["Labels"] for each in listed]
    names = sorted({labels[PROJECT_LABEL] for labels in all_of_them})
    if plan.name is not None:
        if plan.name not in names:
            raise ChaosConfigError(
                f"--project-name {plan.name}: must be a running project"
                f"{nearest(plan.name, names) or ', there is none'}"
            )
        return plan.name
    found = sorted({labels[PROJECT_LABEL] for labels in all_of_them if is_from(plan.file, labels)})
    if not found:
        running = f"; these run: {', '.join(names)}" if names else ""
        raise ChaosConfigError(
            f"--compose-file {plan.file}: no running project was started from this file; it must "
            f"be started first (docker compose -f {plan.file} up -d), or named by "
            f"--project-name{running}"
        )
    if len(found) > 1:
        raise ChaosConfigError(
            f"--compose-file {plan.file}: the projects {' and '.join(found)} were started from "
            "this file; --project-name must name one"
        )
    return str(found[0])


def is_from(file: Path, labels: Mapping[str, str]) -> bool:
    """Whether a container with these labels was made from this file, alone or with others."""
    folder = Path(labels.get(_FOLDER_LABEL, ""))
    for written in filter(None, labels.get(_FILES_LABEL, "").split(",")):
        # A relative path was one from a folder that is not known; the file is in that of the
        # project as a rule.
        places = (folder / written, folder / Path(written).name)
        if any(place.resolve() == file.resolve() for place in places):
            return True
    return False


def _is_a_service(each: Inspected) -> bool:
    """Not one of a single command (`docker compose run`)."""
    return bool(each["Labels"].get(_ONE_OFF_LABEL, "False") != "True")


def _running(
    client: Any, of: list[Inspected], project: str, service: ServiceName
) -> list[Inspected]:
    """The containers of a service, all of which must run."""
    wanted = [each for each in of if each["Labels"].get(SERVICE_LABEL) == service.name]
    if not wanted:
        services = sorted({each["Labels"].get(SERVICE_LABEL, "") for each in of})
        raise ChaosConfigError(
            f"--service {service.name}: must be a service of the running project {project}"
            f"{nearest(service.name, services)}"
        )
    wanted.sort(key=lambda each: int(each["Labels"].get(NUMBER_LABEL, 0)))
    found = [client.api.inspect_container(each["Id"]) for each in wanted]
    for each in found:
        state = each["State"]
        if not state["Running"] or state["Paused"] or state["Restarting"]:
            raise ChaosConfigError(
                f"--service {service.name}: container {each['Name'].lstrip('/')} must run before "
                f"the load begins, it is {state['Status']}"
            )
    return found


def _single(
    client: Any, of: list[Inspected], project: str, service: ServiceName, role: str
) -> Inspected:
    found = _running(client, of, project, service)
    if len(found) > 1:
        raise ChaosConfigError(
            f"--service {role}={service.name}: must have one container, got {len(found)}"
        )
    return found[0]
