"""The least that Docker takes for an image registry: one tiny image under any name that it has."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Registry:
    """On a port of the loopback interface, which Docker takes for safe; a context manager."""

    def __init__(self, repositories: Collection[str]) -> None:
        """It has these repositories with every tag."""
        self._blobs, self._manifest = _image()
        self.pulled: set[str] = set()
        """The repositories of which a manifest was asked for."""
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(*registry._found(self.path))

            def do_HEAD(self) -> None:
                self._answer(*registry._found(self.path))

            def log_message(self, *_: Any) -> None:
                """Not in the tests' output."""

            def _answer(self, status: int, kind: str, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Docker-Content-Digest", _digest(content))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

        self._repositories = repositories
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Registry:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _found(self, path: str) -> tuple[int, str, bytes]:
        if path == "/v2/":
            return 200, "application/json", b"{}"
        repository, _, rest = path.removeprefix("/v2/").partition("/")
        kind, _, name = rest.partition("/")
        if repository in self._repositories and kind == "manifests":
            self.pulled.add(repository)
            return 200, _MANIFEST, self._manifest
        if repository in self._repositories and kind == "blobs" and name in self._blobs:
            return 200, "application/octet-stream", self._blobs[name]
        return 404, "application/json", b'{"errors": [{"code": "NAME_UNKNOWN"}]}'


def _image() -> tuple[dict[str, bytes], bytes]:
    """The blobs, by their digests, and the manifest."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("hello")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"world"))
    layer = gzip.compress(buffer.getvalue())
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(buffer.getvalue())]},
        }
    ).encode()
    parts = (("container.image.v1+json", config), ("image.rootfs.diff.tar.gzip", layer))
    told = [
        {
            "mediaType": f"application/vnd.docker.{kind}",
            "size": len(content),
            "digest": _digest(content),
        }
        for kind, content in parts
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": told[0],
        "layers": told[1:],
    }
    return {_digest(content): content for _, content in parts}, json.dumps(manifest).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
