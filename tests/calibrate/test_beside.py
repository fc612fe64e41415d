"""An environment beside diya's own can run a replica of the reference service."""

from __future__ import annotations

import ast
import re
from importlib.metadata import packages_distributions

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


def test_the_environment_has_every_package_that_a_replica_imports() -> None:
    imported = set()
    for path in (ROOT / "target_service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    known = packages_distributions()
    needed = {_plain(name) for each in imported & known.keys() for name in known[each]}
    had = {_plain(name) for name in SERVICE} | _CHOSEN_BY_THE_PACKAGE
    missing = {name for name in needed if _BROUGHT_BY.get(name, name) not in had}
    assert not missing - {"diya"}, missing


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
