"""`diya versus`: real pairs, interrupted in the third one."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from reports.comparison import versus_file
from tests.harness import command


@pytest.mark.run
@pytest.mark.timeout(300)
def test_pairs_are_played_in_turns_and_compared_when_they_are_interrupted(tmp_path: Path) -> None:
    # A quarter of the seconds of the tiny load.
    profile = tmp_path / "tinier.toml"
    text = (command.HERE / "tiny.toml").read_text()
    profile.write_text(text.replace("compression = 1440", "compression = 5760"))
    out = tmp_path / "runs"
    process = command.start(
        *("versus", "--b", "--rdb", "--profile", str(profile), "--replicas", "1"),
        *("--redis", "bundled", "--experiment", "none", "--no-rehearsal", "--seed", "4"),
        *("--pairs", "3", "--minutes", "10", "--out", str(out)),
    )

    def third_begun() -> bool:
        return len(list(out.glob("*/A/*"))) + len(list(out.glob("*/B/*"))) == 5

    command.wait_until(third_begun, 240, "the first run of the third pair")
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 105, said + errors
    (folder,) = out.iterdir()
    versus = versus_file.read(folder)
    assert [each.order for each in versus.pairs if not each.left_out][:2] == ["AB", "BA"]
    assert versus.ended == "it was interrupted"
    assert (versus.a, versus.b, versus.seed, versus.factor) == ("", "--rdb", 4, 1.0)
    # Two runs a side, all with one load and seed; the fifth run is left out.
    runs = [json.loads(path.read_text()) for path in folder.glob("[AB]/*/run.json")]
    assert len(runs) == 4
    assert {(run["seed"], run["sizing"]["factor"]) for run in runs} == {(4, 1.0)}
    assert len(list((folder / "left-out").glob("*/*"))) >= 1
    order = sorted((run["origin"], run["topology"]["rdb"]) for run in runs)
    assert [rdb for _, rdb in order] == [False, True, True, False]
    comparison = json.loads((folder / "comparison.json").read_text())
    assert comparison["a"]["seeds"] == comparison["b"]["seeds"] == [4, 4]
    assert comparison["b"]["label"] == "--rdb"
    assert str(folder) in said
    # The same folder, compared again.
    again = command.run_here("compare", str(folder), "--out", str(tmp_path / "again"))
    assert again.returncode in (0, 99), again.stderr
    compared = json.loads((tmp_path / "again" / "comparison.json").read_text())
    assert compared == comparison
