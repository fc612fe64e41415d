"""Every command and every name on the pages exists."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import parser
from target_service import settings
from tests.docs.pages import DOCS, PAGES, README, WRITTEN, commands, name, spans
from tests.harness import command

ROOMS = ("chaos", "deploy", "docs", "harness", "loadtests", "reports", "target_service", "tests")
_PATH = re.compile(rf"`(?:pytest )?((?:{'|'.join(ROOMS)})/[\w./-]*)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TARGET = re.compile(r"\bmake ([a-z][a-z-]+)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z_-]*")
_MODULE = re.compile(r"python -m ((?:harness|tests)[\w.]*)")
_OF_OTHERS = {
    *("--diya-profile", "--diya-seed", "--diya-app"),  # of `locust -f loadtests/locustfile.py`
    "--task_store_uri",  # of `adk api_server`
    "--update",  # of the scripts that write a table into a page
}


def _options(words: Sequence[str]) -> set[str]:
    """The options of the command of diya that these words name."""
    found = parser.build()
    for word in words:
        below = next((a for a in found._actions if isinstance(a, argparse._SubParsersAction)), None)
        if below is None or word not in below.choices:
            break
        found = below.choices[word]
    return {option for action in found._actions for option in action.option_strings}


def _every_option(owner: argparse.ArgumentParser) -> set[str]:
    """The options of a parser, and of all below it."""
    found: set[str] = set()
    for action in owner._actions:
        found.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*map(_every_option, action.choices.values()))
    return found


ANY_OPTION = {
    *_every_option(parser.build()),
    *re.findall(r"--diya-[a-z-]+", (DOCS / "reference" / "pytest.md").read_text(encoding="utf-8")),
    "--diya-",
    *_OF_OTHERS,
}


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_command_line_is_one_that_diya_reads(page: Path) -> None:
    for words in commands(page, "diya"):
        if words != ["--version"]:  # which ends at once
            parser.build().parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_in_the_text_exists(page: Path) -> None:
    known = parser.build()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert known is not None
    text = page.read_text(encoding="utf-8")
    for found in re.findall(r"`diya ([a-z]+)", text):
        assert found in known, f"`diya {found}` is no command"


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_option_in_the_text_exists(page: Path) -> None:
    for span in spans(page):
        of_a_command = span.startswith("diya ")
        if not of_a_command and not span.startswith("--"):
            continue
        known = _options(span.split()[1:]) if of_a_command else ANY_OPTION
        for option in _OPTION.findall(span):
            assert option in known, f"`{span}`: there is no {option}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_module_that_is_run_exists(page: Path) -> None:
    for module in _MODULE.findall(page.read_text(encoding="utf-8")):
        path = command.ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page: Path) -> None:
    makefile = (command.ROOT / "Makefile").read_text(encoding="utf-8")
    for block in re.findall(r"`(make [^`]*)`|^(make .*)$", page.read_text("utf-8"), re.M):
        for target in _TARGET.findall("".join(block)):
            assert re.search(rf"^{target}:", makefile, re.M), f"make {target} does not exist"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    for path in _PATH.findall(page.read_text(encoding="utf-8")):
        assert (command.ROOT / path).exists(), f"{path} does not exist"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        target = link.partition("#")[0]
        if not target or "://" in target:
            continue
        assert (page.parent / target).exists(), f"{link} leads nowhere"
        if page != README:
            assert (page.parent / target).resolve().is_relative_to(DOCS), f"{link} is off the site"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_anchor_is_a_heading(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        if anchor and "://" not in target:
            path = page.parent / target if target else page
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
            anchors = [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]
            assert anchor in anchors, f"{link}: no such heading"


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_readme_names_every_folder_of_the_repository() -> None:
    text = README.read_text(encoding="utf-8")
    for folder in ROOMS:
        assert f"[`{folder}/`]" in text, f"{folder}/ is not on the map"


def test_the_start_page_names_every_page() -> None:
    linked = set(_LINK.findall((DOCS / "index.md").read_text(encoding="utf-8")))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    assert pages - linked == {"index.md"}


def test_the_settings_of_the_service_are_those_that_it_reads() -> None:
    source = (command.ROOT / "target_service" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"(DIYA_[A-Z_]+)"', source)) - {"DIYA_MODEL_FAULTS"}  # for faults only
    page = (DOCS / "deploy.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(DIYA_[A-Z_]+)` \| ([^|]+) \|", page, re.M))
    assert set(rows) == read
    defaults = settings.from_environment({})
    for variable, shown in (
        ("DIYA_REDIS_URL", defaults.redis_url),
        ("DIYA_SESSIONS", defaults.sessions),
        ("DIYA_TTL_SECONDS", defaults.ttl_seconds),
        ("DIYA_DURABILITY", defaults.durability),
        ("DIYA_MODEL", defaults.model),
        ("DIYA_MODEL_TTFT_MS", defaults.model_ttft_ms),
        ("DIYA_MODEL_TOKENS_PER_S", defaults.model_tokens_per_s),
        ("DIYA_LEASE_MS", defaults.lease_ms),
        ("DIYA_BUSY_WAIT_S", defaults.busy_wait_s),
        ("DIYA_MAX_TURNS_IN_FLIGHT", defaults.max_turns_in_flight),
        ("DIYA_MAX_BODY_BYTES", defaults.max_body_bytes),
        ("DIYA_DRAIN_S", defaults.drain_s),
    ):
        written = shown if isinstance(shown, str) else f"{shown:.12g}"
        assert rows[variable] == f"`{written}`", variable
