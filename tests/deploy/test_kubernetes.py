"""The manifests match the schemas of Kubernetes, and refer to each other correctly."""

from __future__ import annotations

import copy
import re
import tomllib
from typing import Any

import kubernetes_validate
import pytest
import yaml

from chaos.containers import engine
from chaos.kubernetes import cluster
from tests.harness import command

K8S = command.ROOT / "deploy" / "k8s"
OLDEST, NEWEST = "1.27", "1.37"
KUSTOMIZATION = yaml.safe_load((K8S / "kustomization.yaml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document
    for name in KUSTOMIZATION["resources"]
    for document in yaml.safe_load_all((K8S / name).read_text())
]

FAULTS = ("faults.yaml", "faults-zones.yaml")
"""What diya may do to pods: applied only by those who want their fleet to be breakable."""
RIGHTS: list[dict[str, Any]] = [
    document for name in FAULTS for document in yaml.safe_load_all((K8S / name).read_text())
]


def named(kind: str, name: str) -> dict[str, Any]:
    """The one document of this kind and name."""
    (found,) = (
        each for each in DOCUMENTS if each["kind"] == kind and each["metadata"]["name"] == name
    )
    return found


def pods() -> dict[str, dict[str, Any]]:
    """Name → pod template of everything that makes pods."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in DOCUMENTS
        if "template" in each["spec"]
    }


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(
    "document", [*DOCUMENTS, *RIGHTS], ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_a_manifest_is_valid(document: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_a_misspelt_key_and_a_wrong_type_are_refused(version: str) -> None:
    misspelt = copy.deepcopy(named("Deployment", "agent"))
    container = misspelt["spec"]["template"]["spec"]["containers"][0]
    container["readynessProbe"] = container.pop("readinessProbe")
    mistyped = copy.deepcopy(named("Deployment", "agent"))
    mistyped["spec"]["replicas"] = "twelve"
    for broken in (misspelt, mistyped):
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, version, strict=True)


def test_every_file_of_the_folder_is_applied() -> None:
    files = {path.name for path in K8S.iterdir() if path.is_file()} - set(FAULTS)
    config = {name for each in KUSTOMIZATION["configMapGenerator"] for name in each["files"]}
    assert files == {"kustomization.yaml", *KUSTOMIZATION["resources"], *config}


def test_every_selector_finds_its_pods() -> None:
    labels = [pod["metadata"]["labels"] for pod in pods().values()]
    for document in DOCUMENTS:
        spec = document["spec"]
        selector = spec.get("podSelector") or spec.get("selector")
        if selector is None:
            continue
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= each.items() for each in labels), document["metadata"]


def test_every_reference_has_its_object() -> None:
    target = named("HorizontalPodAutoscaler", "agent")["spec"]["scaleTargetRef"]
    named(target["kind"], target["name"])
    named("Service", named("StatefulSet", "redis")["spec"]["serviceName"])
    generated = {each["name"] for each in KUSTOMIZATION["configMapGenerator"]}
    for name, pod in pods().items():
        volumes = {each["name"] for each in pod["spec"].get("volumes", ())}
        claims = (
            named("StatefulSet", name)["spec"]["volumeClaimTemplates"] if name == "redis" else ()
        )
        volumes |= {each["metadata"]["name"] for each in claims}
        (container,) = pod["spec"]["containers"]
        assert {each["name"] for each in container["volumeMounts"]} <= volumes, name
        for volume in pod["spec"].get("volumes", ()):
            assert volume.get("configMap", {}).get("name") in {None, *generated}, name


def test_twelve_replicas_are_probed_drained_and_kept() -> None:
    assert named("HorizontalPodAutoscaler", "agent")["spec"]["minReplicas"] == 12
    pod = pods()["agent"]["spec"]
    (container,) = pod["containers"]
    asked = {
        probe: container[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert asked == {
        "startupProbe": "/readyz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/livez",
    }
    # The pause, the drain and the turns that still run (target_service.server.serve).
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause + 1.2 + 20


def test_applying_the_files_again_keeps_the_replicas_of_the_autoscaler() -> None:
    for each in DOCUMENTS:
        if each["kind"] == "HorizontalPodAutoscaler":
            target = each["spec"]["scaleTargetRef"]
            assert "replicas" not in named(target["kind"], target["name"])["spec"]


def test_the_images_are_of_one_version_for_good() -> None:
    # `latest` would be pulled at every start of a pod, and be another one in the middle of a sale.
    project = tomllib.loads((command.ROOT / "pyproject.toml").read_text())["project"]
    tags = {each["name"]: each["newTag"] for each in KUSTOMIZATION["images"]}
    assert set(tags.values()) == {project["version"]}
    for name, pod in pods().items():
        (container,) = pod["spec"]["containers"]
        assert container["image"] in {*tags, engine.REDIS}, name
        assert container.get("imagePullPolicy") != "Always", name


def test_redis_has_every_acknowledged_turn_on_a_disk_that_outlives_its_pod() -> None:
    settings = dict(
        line.split(" ", 1)
        for line in (K8S / "redis.conf").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "everysec")
    assert settings["maxmemory-policy"] == "noeviction"
    spec = named("StatefulSet", "redis")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    (claim,) = spec["volumeClaimTemplates"]
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounted[claim["metadata"]["name"]] == settings["dir"]
    assert "/etc/redis/redis.conf" in " ".join(container["command"])


def test_the_way_there_is_told_at_the_top() -> None:
    text = (K8S / "kustomization.yaml").read_text().partition("apiVersion:")[0]
    secrets = {
        variable["valueFrom"]["secretKeyRef"]["name"]
        for pod in pods().values()
        for container in pod["spec"]["containers"]
        for variable in container.get("env", ())
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    for words in (
        f"create namespace {KUSTOMIZATION['namespace']}",
        *(f"create secret generic {name}" for name in secrets),
        "docker push",
        "apply -k",
    ):
        assert words in text


def test_no_container_runs_as_root_and_no_secret_has_a_value() -> None:
    for name, pod in pods().items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True, name
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False, name
            for variable in container.get("env", ()):
                if re.search("PASSWORD|AUTH$|TOKEN", variable["name"]):
                    assert "secretKeyRef" in variable["valueFrom"], (name, variable)
    assert all(each["kind"] != "Secret" for each in DOCUMENTS)


def test_the_rights_of_faults_are_those_that_they_need_and_of_one_namespace() -> None:
    roles = {each["kind"]: each for each in RIGHTS if each["kind"].endswith("Role")}
    granted = {
        (verb, group, resource)
        for rule in roles["Role"]["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert set(cluster.PERMISSIONS) <= granted
    assert {each[0] for each in granted} == {"get", "list", "delete", "patch"}
    assert not any("*" in each for each in granted)
    # Nodes are of no namespace: their zones are all that is read beyond it.
    assert roles["ClusterRole"]["rules"] == [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}
    ]
    namespaces = {
        each["metadata"]["namespace"]
        for each in RIGHTS
        if not each["kind"].startswith("ClusterRole")
    }
    assert namespaces == {KUSTOMIZATION["namespace"]}
