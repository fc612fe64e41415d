"""The HTTP side: paths, verbs, selectors, pages, watches, and `Status` for every refusal."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.kubernetes_api import patching
from tests.kubernetes_api.controllers import NAMESPACE, delete_pod, reconcile
from tests.kubernetes_api.kubelet import Kubelet, Start
from tests.kubernetes_api.store import Object, Refused, Store, matches

TOKEN = "token-of-the-cluster"
_PATH = re.compile(
    r"/(?:api/v1|apis/(?P<group>apps|discovery\.k8s\.io)/v1)(?:/namespaces/(?P<ns>[^/]+))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>scale|status))?"
)
_KINDS = {
    "pods": ("", "v1", "PodList"),
    "services": ("", "v1", "ServiceList"),
    "nodes": ("", "v1", "NodeList"),
    "deployments": ("apps", "apps/v1", "DeploymentList"),
    "replicasets": ("apps", "apps/v1", "ReplicaSetList"),
    "statefulsets": ("apps", "apps/v1", "StatefulSetList"),
    "endpointslices": ("discovery.k8s.io", "discovery.k8s.io/v1", "EndpointSliceList"),
}
_VERBS = {"DELETE": "delete", "PATCH": "patch", "PUT": "update", "POST": "create"}
_LOOK_S = 0.05


class ApiServer:
    """The API server and its controllers, in threads of this process."""

    def __init__(self, start: Start, zones: Sequence[str] = ("a", "b", "c")) -> None:
        """`start` starts the container of a pod; there is one node for each zone."""
        self.store = Store()
        self.denied: set[tuple[str, str]] = set()
        """Verb and resource that the user may not."""
        self.failures: list[int] = []
        """The next requests are answered with these codes."""
        self.requests: list[str] = []
        """Method and path of every request, in order."""
        self.paused = threading.Event()
        """While it is set, controllers and kubelet do nothing."""
        nodes = [f"node-{zone}" for zone in zones]
        for node, zone in zip(nodes, zones, strict=True):
            labels = {"topology.kubernetes.io/zone": zone} if zone else {}
            meta = {"name": node, "labels": labels}
            self.store.add("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": meta})
        self.kubelet = Kubelet(self.store, start, nodes)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}),
            threading.Thread(target=self._work),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def kubeconfig(self, path: Path, *contexts: str, token: str = TOKEN) -> Path:
        """Write a kubeconfig; the first context is the current one."""
        names = contexts or ("test-cluster",)
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": names[0],
            "clusters": [{"name": "here", "cluster": {"server": self.url}}],
            "users": [{"name": "me", "user": {"token": token}}],
            "contexts": [
                {"name": name, "context": {"cluster": "here", "user": "me"}} for name in names
            ],
        }
        path.write_text(yaml.safe_dump(document))
        return path

    def _work(self) -> None:
        while not self._stop.wait(_LOOK_S):
            if not self.paused.is_set():
                reconcile(self.store)
                self.kubelet.look()

    def close(self) -> None:
        """End everything, the processes of the pods too."""
        self._stop.set()
        self._http.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()
        self.kubelet.close()

    def __enter__(self) -> ApiServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What the handler asks.

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: Any
    ) -> Object | tuple[str, str, int, float]:
        """An object; or the plural, selector, version and time of a watch.  Raises Refused."""
        url = urlsplit(target)
        self.requests.append(f"{method} {url.path}")
        if self.failures:
            raise Refused(self.failures.pop(0), "InternalError", "as the test wants it")
        if url.path.rstrip("/") == "/version":
            return {"major": "1", "minor": "34", "gitVersion": "v1.34.1"}
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "Unauthorized", "Unauthorized")
        if url.path.endswith("/selfsubjectaccessreviews") and method == "POST":
            return self._review(body)
        found = _PATH.fullmatch(url.path)
        if found is None or found["plural"] not in _KINDS:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        plural, name, sub = found["plural"], found["name"], found["sub"]
        space = found["ns"] or ""
        if (found["group"] or "") != _KINDS[plural][0]:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        query = dict(parse_qsl(url.query))
        watch = query.get("watch") in ("1", "true")
        verb = _VERBS.get(method) or ("watch" if watch else "get" if name else "list")
        if (verb, plural) in self.denied:
            raise Refused(403, "Forbidden", f'{plural} is forbidden: cannot "{verb}"')
        if method == "GET" and name is None:
            selector = query.get("labelSelector", "")
            if watch:
                version = int(query.get("resourceVersion") or self.store.version)
                return plural, selector, version, float(query.get("timeoutSeconds", 30))
            return self._list(plural, space, selector, query)
        if name is None:
            raise Refused(405, "MethodNotAllowed", f"{method} is not served here")
        return self._one(method, plural, space, name, sub, headers, body, query)

    def _list(self, plural: str, space: str, selector: str, query: Mapping[str, str]) -> Object:
        version, begin = self.store.version, 0
        if "continue" in query:
            version, begin = map(int, query["continue"].split(":"))
            self.store.check(version)
        items = self.store.all(plural, space, selector)
        end = begin + int(query.get("limit") or len(items) or 1)
        meta: Object = {"resourceVersion": str(version)}
        if end < len(items):
            meta["continue"] = f"{version}:{end}"
        _, api, kind = _KINDS[plural]
        return {"apiVersion": api, "kind": kind, "metadata": meta, "items": items[begin:end]}

    def _one(
        self,
        method: str,
        plural: str,
        space: str,
        name: str,
        sub: str | None,
        headers: Mapping[str, str],
        body: Any,
        query: Mapping[str, str],
    ) -> Object:
        with self.store.lock:
            document = self.store.get(plural, space, name)
            if method == "GET":
                return _scale_of(document) if sub == "scale" else document
            if method == "DELETE" and plural == "pods":
                return self._delete(document, body or {}, query)
            if method not in ("PATCH", "PUT"):
                raise Refused(405, "MethodNotAllowed", f"{method} is not served here")
            changed = _scale_of(document) if sub == "scale" else document
            given = body.get("metadata") or {} if isinstance(body, dict) else {}
            version = given.get("resourceVersion")
            if version not in (None, document["metadata"]["resourceVersion"]):
                raise Refused(409, "Conflict", "the object has been modified")
            if method == "PUT":
                changed = body
            else:
                patching.apply(headers.get("Content-Type", ""), changed, body)
            if sub == "scale":
                document["spec"]["replicas"] = changed["spec"]["replicas"]
                changed = document

            def edit(kept: Object) -> None:
                kept |= {key: changed[key] for key in ("metadata", "spec") if key in changed}

            stored = self.store.change(plural, space, name, edit)
            return _scale_of(stored) if sub == "scale" else stored

    def _delete(self, pod: Object, options: Object, query: Mapping[str, str]) -> Object:
        uid = (options.get("preconditions") or {}).get("uid")
        if uid not in (None, pod["metadata"]["uid"]):
            raise Refused(409, "Conflict", f"the UID in the precondition ({uid}) does not match")
        grace = options.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        delete_pod(self.store, pod, None if grace is None else int(grace))
        with contextlib.suppress(Refused):
            return self.store.get("pods", NAMESPACE, pod["metadata"]["name"])
        return pod

    def _review(self, body: Object) -> Object:
        asked = body["spec"]["resourceAttributes"]
        allowed = (asked["verb"], asked["resource"]) not in self.denied
        return {**body, "status": {"allowed": allowed}}


def _scale_of(document: Object) -> Object:
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": document["metadata"]["name"], "namespace": NAMESPACE},
        "spec": {"replicas": document["spec"]["replicas"]},
        "status": {"replicas": document.get("status", {}).get("replicas", 0)},
    }


def _handler(api: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            try:
                body = json.loads(text) if text else None
                headers = {name.title(): value for name, value in self.headers.items()}
                found = api.answer(self.command, self.path, headers, body)
                if isinstance(found, tuple):
                    self._watch(*found)
                else:
                    self._send(200, found)
            except Refused as refusal:
                self._send(refusal.code, _status(refusal))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do

        def _send(self, code: int, document: Object) -> None:
            content = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _watch(self, plural: str, selector: str, version: int, seconds: float) -> None:
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            until = time.monotonic() + seconds
            try:
                for event in api.store.since(version, seconds):
                    labels = event.object["metadata"].get("labels", {})
                    if event.plural == plural and matches(selector, labels):
                        self._line({"type": event.type, "object": event.object})
                    if time.monotonic() > until:
                        return
            except Refused as refusal:
                self._line({"type": "ERROR", "object": _status(refusal)})
            except OSError:
                return  # the watcher has gone

        def _line(self, document: Object) -> None:
            self.wfile.write(json.dumps(document).encode() + b"\n")
            self.wfile.flush()

    return Handler


def _status(refusal: Refused) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "message": str(refusal),
        "reason": refusal.reason,
        "code": refusal.code,
    }
