"""A replica starts without the modules that it never uses, and is still ADK's own API server."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from google.adk.cli import cli_eval
from google.adk.cli.fast_api import get_fast_api_app
from google.adk.sessions.in_memory_session_service import InMemorySessionService

from target_service.server import adk_server, import_stubs
from target_service.server.app import AGENTS
from tests.target_service.processes import ROOT

pytestmark = pytest.mark.service


@contextlib.asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


def in_a_new_process(code: str) -> Any:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        f"from target_service.server import import_stubs as lean\n{code}",
    ]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("agents", [AGENTS, AGENTS / "shopmax"])
def test_the_server_is_the_one_that_adk_builds(agents: Path) -> None:
    ours = adk_server.create(agents, InMemorySessionService(), nothing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of experimental features
        theirs = get_fast_api_app(
            agents_dir=str(agents),
            session_service_uri="memory://",
            artifact_service_uri="memory://",
            memory_service_uri="memory://",
            use_local_storage=False,
            web=False,
            lifespan=nothing,
        )
    assert ours.openapi() == theirs.openapi()
    assert [type(each) for each in ours.routes] == [type(each) for each in theirs.routes]
    assert [each.cls for each in ours.user_middleware] == [
        each.cls for each in theirs.user_middleware
    ]


def test_a_stubbed_module_has_the_same_constants_as_the_real_one() -> None:
    assert {
        name: getattr(cli_eval, name) for name in import_stubs.PREFIXES
    } == import_stubs.PREFIXES


@pytest.mark.slow
def test_a_replica_imports_neither_evaluation_nor_command_lines_it_never_runs() -> None:
    told = in_a_new_process(
        "lean.leave_out()\n"
        "import json, sys, target_service.server.serve\n"
        "print(json.dumps({each: each in sys.modules for each in\n"
        "    ('google.adk.cli.api_server', 'google.adk.evaluation', 'google.adk.cli.cli_deploy',\n"
        "     'rich')}))"
    )
    assert told == {
        "google.adk.cli.api_server": True,
        "google.adk.evaluation": False,
        "google.adk.cli.cli_deploy": False,
        "rich": False,
    }


@pytest.mark.slow
def test_an_agent_that_wants_the_evaluation_gets_it() -> None:
    told = in_a_new_process(
        "lean.leave_out()\n"
        "import json, target_service.server.serve\n"
        "from google.adk.cli.cli_eval import EVAL_SESSION_ID_PREFIX, EvalMetric\n"
        "import google.adk.evaluation.eval_metrics as real\n"
        "print(json.dumps([EvalMetric is real.EvalMetric, EVAL_SESSION_ID_PREFIX]))"
    )
    assert told == [True, "adk-eval-session-"]


@pytest.mark.slow
def test_the_stubs_change_nothing_after_adk_was_imported() -> None:
    told = in_a_new_process(
        "import json, httpx, google.adk.cli.cli_eval as real\n"
        "lean.leave_out()\n"
        "import sys\n"
        "print(json.dumps([sys.modules['google.adk.cli.cli_eval'] is real,\n"
        "    sys.modules['httpx._main'] is not None]))"
    )
    assert told == [True, True]
