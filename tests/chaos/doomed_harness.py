"""A harness that brings up a fleet and waits to be killed: `doomed_harness.py DIR ID KIND`."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from chaos.fleet.process_fleet import ProcessFleet

TOY = (sys.executable, str(Path(__file__).parent / "toy_replica.py"))


def main(directory: Path, run_id: str, kind: str) -> None:
    fleet = ProcessFleet(directory, run_id, replicas=2, redis=kind, replica_command=TOY)
    fleet.start()
    fleet.wait_ready(30)
    ports = [fleet.balancer.port, *(replica.port for replica in fleet.replicas.values())]
    redis_port = int(fleet.redis.url.rpartition(":")[2].partition("/")[0])
    print(json.dumps([*ports, redis_port]), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
