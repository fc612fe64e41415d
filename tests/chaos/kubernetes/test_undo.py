"""The guardian restores the size of a Deployment in a process of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.fleet.guardian import Guardian
from chaos.fleet.undoing import undo_all
from chaos.kubernetes.system import PodSystem
from harness.run.progress import Progress
from harness.run.target import break_target
from tests.chaos.kubernetes.conftest import Kept, ready
from tests.harness import command
from tests.kubernetes_api.controllers import NAMESPACE
from tests.kubernetes_api.server import TOKEN, ApiServer
from tests.target_service.processes import wait_until


def size(server: ApiServer) -> int:
    deployment = server.store.get("deployments", NAMESPACE, "agent")
    replicas: int = deployment["spec"]["replicas"]
    return replicas


@pytest.mark.service
def test_a_kept_undoing_restores_the_size(system: PodSystem, server: ApiServer, kept: Kept) -> None:
    system.scale_down(1)
    wait_until(lambda: ready(server) == 1, 20, "one pod is left")
    assert undo_all(kept.undoings)
    assert size(server) == 3
    wait_until(lambda: ready(server) == 3, 20, "three pods are ready")


@pytest.mark.service
def test_an_undo_that_fails_names_the_command_by_hand_and_no_token(
    system: PodSystem, server: ApiServer, kept: Kept
) -> None:
    system.scale_down(2)
    server.denied.add(("patch", "deployments"))
    (undoing,) = kept.undoings.values()
    finished = subprocess.run(
        [sys.executable, "-m", "chaos.kubernetes.undo"],
        input=json.dumps([undoing.call]),
        capture_output=True,
        text=True,
        cwd=command.ROOT,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 1
    assert "heal it by hand: kubectl -n staging scale deployment/agent" in finished.stdout
    assert TOKEN not in finished.stdout + finished.stderr


@pytest.mark.service
def test_the_end_of_a_run_names_the_command_for_a_size_that_is_not_restored(
    system: PodSystem, kept: Kept, tmp_path: Path
) -> None:
    system.scale_down(2)
    ((key, undoing),) = kept.undoings.items()
    guardian, said = Guardian.start("test-of-an-undo"), io.StringIO()
    guardian.keep(key, replace(undoing, command=("false",)))
    break_target.close(guardian, tmp_path, Progress(said))
    assert "deployment/agent may not be healed; heal it by hand: kubectl -n" in said.getvalue()
