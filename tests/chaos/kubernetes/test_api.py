"""Requests to the API server: who asks, what is tried again, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.errors import ChaosConfigError
from chaos.kubernetes.api import Api, ApiError
from chaos.kubernetes.cluster import Cluster
from tests.chaos.kubernetes.conftest import AGENT, uids
from tests.kubernetes_api.controllers import NAMESPACE
from tests.kubernetes_api.server import ApiServer

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


@pytest.fixture
def api(server: ApiServer) -> Iterator[Api]:
    found = Api()
    yield found
    found.close()


def test_the_current_context_of_the_kubeconfig_is_used(api: Api, server: ApiServer) -> None:
    assert (api.context, api.server, api.host) == ("test-cluster", server.url, "127.0.0.1")


def test_another_context_is_used_when_it_is_named(server: ApiServer, tmp_path: Path) -> None:
    server.kubeconfig(tmp_path / "config", "production", "staging")
    api = Api("staging")
    assert api.context == "staging"
    api.close()


def test_a_context_that_there_is_not_is_refused(server: ApiServer) -> None:
    with pytest.raises(ChaosConfigError, match="--kube-context elsewhere"):
        Api("elsewhere")


def test_a_missing_kubeconfig_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ChaosConfigError, match="no Kubernetes API server answers"):
        Api()


def test_a_read_is_tried_again_while_the_server_is_busy(api: Api, server: ApiServer) -> None:
    server.failures += [503, 429]
    assert api.read(PODS)["kind"] == "PodList"
    assert server.failures == []


def test_a_read_that_is_forbidden_is_an_error_with_its_status(api: Api, server: ApiServer) -> None:
    server.denied.add(("list", "pods"))
    with pytest.raises(ApiError, match=r'cannot "list"') as refusal:
        api.read(PODS)
    assert refusal.value.status == 403


def test_a_change_is_never_tried_again(api: Api, server: ApiServer) -> None:
    before = server.store.get("deployments", NAMESPACE, "agent")["spec"]
    server.failures += [503]
    with pytest.raises(ApiError):
        api.merge(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/agent", {"spec": {}})
    assert server.store.get("deployments", NAMESPACE, "agent")["spec"] == before


def test_a_list_of_several_pages_is_read_to_its_end(api: Api, server: ApiServer) -> None:
    pages = list(api.items(PODS, labelSelector=AGENT.selector))
    assert {pod["metadata"]["uid"] for pod in pages} == uids(server)


def test_a_list_that_expires_between_two_pages_is_read_again(
    api: Api, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.kubernetes.api._PAGE", 2)
    expired: list[str] = []
    real = api.read

    def read(path: str, **params: str) -> object:
        if "continue" in params and not expired:
            expired.append(path)
            server.store.expire()
        return real(path, **params)

    monkeypatch.setattr(api, "read", read)
    assert len(list(api.items(PODS))) == 3
    assert expired


def test_a_pod_of_the_same_name_but_another_uid_is_not_deleted(
    cluster: Cluster, server: ApiServer
) -> None:
    from dataclasses import replace

    pod = cluster.pods(AGENT)[0]
    cluster.delete_pod(NAMESPACE, replace(pod, uid="of-another-pod"), 0)
    assert pod.uid in uids(server)
    cluster.delete_pod(NAMESPACE, pod, 0)
    assert pod.uid not in uids(server)
    cluster.delete_pod(NAMESPACE, pod, 0)  # it is gone already


def test_the_missing_permissions_are_named(cluster: Cluster, server: ApiServer) -> None:
    assert cluster.refused(NAMESPACE) == []
    server.denied |= {("delete", "pods"), ("list", "endpointslices")}
    assert cluster.refused(NAMESPACE) == ["delete pods", "list endpointslices.discovery.k8s.io"]


def test_the_zone_is_unknown_where_nodes_may_not_be_read(
    cluster: Cluster, server: ApiServer
) -> None:
    pods = cluster.pods(AGENT)
    server.denied.add(("get", "nodes"))
    assert {cluster.zone(pod) for pod in pods} == {None}
