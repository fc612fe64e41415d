"""Requests of wrk in a CPU second: a reference in C, for `tests.bench.load`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile

from tests.bench import load_stage

SECONDS = 5
_CONNECTIONS = 50


def per_cpu_second(wrk: str, url: str) -> float:
    """Requests of the same kind as the others send, by its own count, over the CPU it used."""
    body = json.dumps(json.dumps(load_stage.REQUEST))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f'wrk.method, wrk.body = "POST", {body}\n')
        script.write('wrk.headers["Content-Type"] = "application/json"\n')
        script.flush()
        command = [wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{SECONDS}", "-s", script.name, f"{url}/run"]
        before = os.times()
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        after = os.times()
    cpu_seconds = after.children_user + after.children_system
    cpu_seconds -= before.children_user + before.children_system
    if found := re.search(r"(\d+) requests in", output):
        return int(found[1]) / cpu_seconds
    raise RuntimeError(f"the output of wrk must hold the number of requests, got: {output}")
