"""The table of the shapes of Redis: everything that names a shape follows from its rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaos.fleet.environment import CAPABILITIES
from chaos.fleet.shapes import SETS, SHAPES, in_words, shape_of
from chaos.fleet.topology import Topology
from harness import parser
from harness.commands.fault_table import ENVIRONMENTS


@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_names_the_servers_that_its_file_builds(tmp_path: Path, shape: str) -> None:
    store = Topology(shape).build("bundled", tmp_path, tmp_path / "logs", os.environ)
    assert tuple(store.servers) == SHAPES[shape].servers


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_known_by_the_capability_that_it_adds(shape: str) -> None:
    capabilities = Topology(shape).capabilities
    assert shape_of({"kill", *capabilities}) == shape
    assert capabilities <= CAPABILITIES.keys()


def test_the_command_line_and_the_table_of_faults_have_every_shape() -> None:
    (topology,) = (
        action
        for action in parser.build()._subparsers._group_actions[0].choices["readiness"]._actions  # type: ignore[union-attr,index]
        if action.dest == "topology"
    )
    assert topology.help.startswith(in_words(shape.help for shape in SHAPES.values()))
    assert set(SETS) <= ENVIRONMENTS.keys()


def test_a_choice_in_words_ends_with_or() -> None:
    assert in_words(["one"]) == "one"
    assert in_words(["one", "two", "three"]) == "one, two or three"
