"""The measuring processes of `make bench-load` play and count requests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.service

_SHORT = """
import sys
import locust
from tests.bench import load_side
load_side._SECONDS = 0.5
load_side.main()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.load_side", "server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.kill()


@pytest.mark.parametrize("mode", ["ours", "plain"])
@pytest.mark.slow
def test_requests_are_counted_for_each_cpu_second(url: str, mode: str) -> None:
    command = [sys.executable, "-c", _SHORT, mode, url]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert json.loads(found.stdout.splitlines()[-1])["per_cpu_second"] > 0
