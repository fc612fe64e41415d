"""The tests' API server satisfies two public clients that were not written for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
import kubernetes.watch
import pytest
from kubernetes.client.exceptions import ApiException

from tests.chaos.kubernetes.conftest import uids
from tests.kubernetes_api import objects
from tests.kubernetes_api.controllers import NAMESPACE
from tests.kubernetes_api.kubelet import Pretended
from tests.kubernetes_api.server import ApiServer
from tests.target_service.processes import wait_until


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    with ApiServer(lambda pod: Pretended()) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig(tmp_path / "config")))
        objects.deployment(found.store)
        objects.statefulset(found.store)
        wait_until(lambda: _available(found), 20, "what is wanted is there")
        yield found


def _available(server: ApiServer) -> bool:
    counts = {
        each["metadata"]["name"]: each["status"].get("availableReplicas")
        for plural in ("deployments", "statefulsets")
        for each in server.store.all(plural, NAMESPACE)
    }
    return counts == {"agent": 3, "redis": 1}


@pytest.fixture
def client(server: ApiServer, tmp_path: Path) -> Any:
    return kubernetes.config.new_client_from_config(str(tmp_path / "config"))


def test_the_official_client_reads_every_kind(client: Any) -> None:
    core, apps = kubernetes.client.CoreV1Api(client), kubernetes.client.AppsV1Api(client)
    pods = core.list_namespaced_pod(NAMESPACE, label_selector="app=agent").items
    assert len(pods) == 3
    assert {pod.status.phase for pod in pods} == {"Running"}
    replicaset = apps.read_namespaced_replica_set(
        pods[0].metadata.owner_references[0].name, NAMESPACE
    )
    assert replicaset.metadata.owner_references[0].name == "agent"
    assert apps.read_namespaced_deployment("agent", NAMESPACE).status.available_replicas == 3
    assert apps.read_namespaced_stateful_set("redis", NAMESPACE).status.ready_replicas == 1
    slices = kubernetes.client.DiscoveryV1Api(client).list_namespaced_endpoint_slice(NAMESPACE)
    assert {slice_.metadata.name: len(slice_.endpoints) for slice_ in slices.items} == {
        "agent-abcde": 3,
        "redis-abcde": 1,
    }
    assert core.read_node("node-a").metadata.labels["topology.kubernetes.io/zone"] == "a"


def test_the_official_client_pages_through_a_list(client: Any) -> None:
    core = kubernetes.client.CoreV1Api(client)
    first = core.list_namespaced_pod(NAMESPACE, limit=3)
    rest = core.list_namespaced_pod(NAMESPACE, limit=3, _continue=first.metadata._continue)
    assert (len(first.items), len(rest.items)) == (3, 1)


@pytest.mark.slow
def test_a_watch_tells_every_change_in_order(client: Any, server: ApiServer) -> None:
    core = kubernetes.client.CoreV1Api(client)
    listed = core.list_namespaced_pod(NAMESPACE, label_selector="app=redis")
    core.delete_namespaced_pod("redis-0", NAMESPACE, grace_period_seconds=1)
    told = []
    watch = kubernetes.watch.Watch()
    for event in watch.stream(
        core.list_namespaced_pod,
        NAMESPACE,
        label_selector="app=redis",
        resource_version=listed.metadata.resource_version,
        timeout_seconds=10,
    ):
        told.append(event["type"])
        conditions = event["object"].status.conditions or []
        if "ADDED" in told and any(c.type == "Ready" and c.status == "True" for c in conditions):
            watch.stop()
    assert told[:3] == ["MODIFIED", "DELETED", "ADDED"]


def test_a_watch_from_a_forgotten_version_is_gone(client: Any, server: ApiServer) -> None:
    core = kubernetes.client.CoreV1Api(client)
    version = core.list_namespaced_pod(NAMESPACE).metadata.resource_version
    server.store.expire()
    stream = kubernetes.watch.Watch().stream(
        core.list_namespaced_pod, NAMESPACE, resource_version=version, timeout_seconds=5
    )
    with pytest.raises(ApiException) as gone:
        list(stream)
    assert gone.value.status == 410


def test_an_update_of_an_old_version_is_a_conflict(client: Any) -> None:
    apps = kubernetes.client.AppsV1Api(client)
    old = apps.read_namespaced_deployment("agent", NAMESPACE)
    apps.patch_namespaced_deployment("agent", NAMESPACE, {"spec": {"replicas": 2}})
    old.spec.replicas = 9
    with pytest.raises(ApiException) as conflict:
        apps.replace_namespaced_deployment("agent", NAMESPACE, old)
    assert conflict.value.status == 409


def test_a_pod_with_a_grace_period_is_there_until_it_has_ended(
    client: Any, server: ApiServer
) -> None:
    core = kubernetes.client.CoreV1Api(client)
    server.paused.set()
    (uid,) = uids(server, "redis")
    core.delete_namespaced_pod("redis-0", NAMESPACE)
    deleted = core.read_namespaced_pod("redis-0", NAMESPACE)
    assert deleted.metadata.uid == uid
    assert deleted.metadata.deletion_timestamp is not None
    assert deleted.metadata.deletion_grace_period_seconds == 30
    server.paused.clear()
    wait_until(lambda: uids(server, "redis") not in ({uid}, set()), 10, "another pod")


def test_every_kind_of_patch_is_understood(client: Any) -> None:
    apps = kubernetes.client.AppsV1Api(client)
    json_patch = [{"op": "replace", "path": "/spec/replicas", "value": 4}]
    assert apps.patch_namespaced_deployment("agent", NAMESPACE, json_patch).spec.replicas == 4
    merge = {"metadata": {"annotations": {"a/b": "c"}}}
    patched = apps.patch_namespaced_deployment("agent", NAMESPACE, merge)
    assert patched.metadata.annotations == {"a/b": "c"}
    scale = apps.patch_namespaced_deployment_scale("agent", NAMESPACE, {"spec": {"replicas": 1}})
    assert scale.spec.replicas == 1


def test_a_request_without_the_token_is_refused(server: ApiServer, tmp_path: Path) -> None:
    server.kubeconfig(tmp_path / "other", token="wrong")
    stranger = kubernetes.config.new_client_from_config(str(tmp_path / "other"))
    with pytest.raises(ApiException) as refusal:
        kubernetes.client.CoreV1Api(stranger).list_namespaced_pod(NAMESPACE)
    assert refusal.value.status == 401
