"""The site of `make docs`: it builds without a warning, and needs no network."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tools
from tests.docs.pages import DOCS
from tests.harness import command

pytestmark = pytest.mark.service
_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=[\"']([^\"']+)")


def build(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("mkdocs") is None:
        tools.missing("no mkdocs (the extra `docs`)")
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder, *options],
        cwd=command.ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    finished = build(folder)
    assert finished.returncode == 0, finished.stderr
    return folder


def test_the_site_has_every_page(site: Path) -> None:
    for page in DOCS.rglob("*.md"):
        assert (site / page.relative_to(DOCS)).with_suffix(".html").is_file()


def test_the_site_loads_nothing_from_the_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        for loaded in _LOADED.findall(page.read_text(encoding="utf-8")):
            assert not re.match(r"(https?:)?//", loaded), f"{page.name} loads {loaded}"


@pytest.mark.parametrize(
    "broken", ["[a page](nowhere.md)", "[a heading](verdict.md#nowhere)", "[a root](/verdict.md)"]
)
def test_a_broken_link_fails_the_build(broken: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n\n{broken}\n")
    (tmp_path / "docs" / "verdict.md").write_text("# Verdict\n")
    settings = (command.ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[0]
    (tmp_path / "mkdocs.yml").write_text(settings)
    finished = build(tmp_path / "site", "--config-file", str(tmp_path / "mkdocs.yml"))
    assert finished.returncode != 0
    assert "WARNING" in finished.stderr
