"""An environment beside diya's own can run a replica of the reference service."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.calibrate.beside import ROOT, SERVICE

_CHOSEN_BY_THE_PACKAGE = {"redis"}
_BROUGHT_BY = {
    "google-auth": "google-adk",
    "google-genai": "google-adk",
    "opentelemetry-api": "google-adk",
    "opentelemetry-sdk": "google-adk",
    "opentelemetry-semantic-conventions": "google-adk",
    "pydantic": "fastapi",
    "pydantic-core": "fastapi",
    "starlette": "fastapi",
}
_OTHERS_OF_A_NAMESPACE = {"opentelemetry-proto", "protobuf"}
"""Packages of the tests, below `opentelemetry` and `google`: no replica imports them."""

STAND_IN = ROOT / "target_service" / "stand_in"


@pytest.mark.slow
@pytest.mark.service
def test_a_replica_needs_no_package_of_the_model_stand_in() -> None:
    without = "import sys; sys.modules['msgspec'] = None; import target_service.server.app"
    subprocess.run([sys.executable, "-c", without], check=True, timeout=100)


def test_the_environment_has_every_package_that_a_replica_imports() -> None:
    imported = set()
    for path in (ROOT / "target_service").rglob("*.py"):
        if path.is_relative_to(STAND_IN):
            continue  # a process of diya's own, and a plugin of diya's own fleets
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    known = packages_distributions()
    needed = {_plain(name) for each in imported & known.keys() for name in known[each]}
    had = {_plain(name) for name in SERVICE} | _CHOSEN_BY_THE_PACKAGE
    missing = {name for name in needed if _BROUGHT_BY.get(name, name) not in had}
    assert not missing - {"diya"} - _OTHERS_OF_A_NAMESPACE, missing


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
