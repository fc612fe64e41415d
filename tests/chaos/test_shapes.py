"""The table of the shapes of Redis: everything that names a shape follows from its rows."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from chaos.experiment.random_experiment import draw, local_fleet
from chaos.experiment.reader import parse
from chaos.fleet.shapes import CLUSTER, SET_CAPABILITIES, SETS, SHAPES, SINGLE, in_words
from chaos.fleet.topology import Topology
from harness import parser
from harness.commands.fault_table import ENVIRONMENTS
from reports.records.run_description import TopologyDescription

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_names_the_servers_that_its_file_builds(tmp_path: Path, shape: str) -> None:
    store = Topology(shape).build("bundled", tmp_path, tmp_path / "logs", os.environ)
    assert tuple(store.servers) == SHAPES[shape].servers


@pytest.mark.parametrize("shape", SHAPES)
def test_the_capability_of_a_shape_has_a_meaning(shape: str) -> None:
    assert Topology(shape).capabilities <= SET_CAPABILITIES.keys()


@pytest.mark.parametrize("shape", SETS)
def test_a_drawn_experiment_asks_for_the_shape_of_the_fleet(shape: str) -> None:
    on = local_fleet(Topology(shape), 3)
    assert on.shape == shape
    assert parse(draw(1, 90.0, on), Path("drawn")).topology == shape


def test_a_description_of_a_run_knows_one_server_from_a_set() -> None:
    described = {shape: TopologyDescription(**Topology(shape).described()) for shape in SHAPES}
    assert [shape for shape, each in described.items() if each.one_server] == [SINGLE]
    assert [shape for shape, each in described.items() if each.shard_count] == [CLUSTER]
    assert TopologyDescription(redis=CLUSTER).shard_count == 3


def _allowed(path: Path) -> frozenset[str]:
    """The words of the table that a file may use: in another sense, or for old records.

    A new shape whose name is a common word needs a row here, or another name.
    """
    return frozenset(
        {
            "chaos/fleet/envoy_config.py": {"cluster"},
            "reports/records/run_description.py": {"single", "cluster"},
        }.get(path.as_posix(), set())
    )


def _named_shapes(path: Path) -> set[str]:
    """The shapes that a file names in a literal string, docstrings left out."""
    words = {
        node.value
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return words & SHAPES.keys()


def test_no_file_but_the_table_names_a_shape() -> None:
    rooms = ("chaos", "harness", "reports", "loadtests", "target_service")
    paths = [each.relative_to(ROOT) for room in rooms for each in (ROOT / room).rglob("*.py")]
    named = {
        str(path): words
        for path in paths
        if path != Path("chaos/fleet/shapes.py") and (words := _named_shapes(path) - _allowed(path))
    }
    assert not named
    assert _named_shapes(Path("chaos/fleet/shapes.py")) == SHAPES.keys()


def test_the_command_line_and_the_table_of_faults_have_every_shape() -> None:
    (topology,) = (
        action
        for action in parser.build()._subparsers._group_actions[0].choices["readiness"]._actions  # type: ignore[union-attr,index]
        if action.dest == "topology"
    )
    assert in_words(shape.help for shape in SHAPES.values()) in topology.help
    assert set(SETS) <= ENVIRONMENTS.keys()


def test_a_choice_in_words_ends_with_or() -> None:
    assert in_words(["one"]) == "one"
    assert in_words(["one", "two", "three"]) == "one, two or three"
