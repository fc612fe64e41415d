"""The agents below a folder are found, in every layout that ADK loads from a file."""

from __future__ import annotations

from pathlib import Path

from tests.agents.__main__ import agents_in


def test_agents_are_found_at_any_depth_and_not_inside_each_other(tmp_path: Path) -> None:
    for name in ("b/agent.py", "a/one/root_agent.yaml", "b/inner/agent.py", ".git/agent.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [each.relative_to(tmp_path).as_posix() for each in agents_in([tmp_path])]
    assert found == ["a/one", "b"]
    assert list(agents_in([tmp_path / "b" / "inner"])) == [tmp_path / "b" / "inner"]
