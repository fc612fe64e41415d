"""Room for connections: the limit on open files is raised, and the free ones set the number."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.loadtests.recorded import ROOT

pytestmark = pytest.mark.service

SCRIPT = """
import resource, sys
from loadtests.generator import descriptors
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(descriptors.connections(wanted), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "room", "then"),
    [
        (500, 5000, 4000, 4000, 4200),  # raised, as far as it is needed
        (500, 4000, 4000, 3800, 4000),  # raised as far as it goes
        (500, 5000, 100, 100, 500),  # enough as it is
    ],
)
def test_the_limit_on_open_files_is_raised_as_far_as_it_is_needed_and_goes(
    soft: int, hard: int, wanted: int, room: int, then: int
) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(soft), str(hard), str(wanted)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.split() == [str(room), str(then)]
    assert ("at most" in finished.stderr) == (room < wanted)
