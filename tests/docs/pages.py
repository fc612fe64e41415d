"""The pages of the documentation, and the code blocks in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.harness import command

DOCS = command.ROOT / "docs"
README = command.ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
WRITTEN = [page for page in PAGES if page.parent.name != "reference"]
"""The pages that people write; the others are generated."""


@dataclass(frozen=True)
class Block:
    """One fenced block of code."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [Block(language, text) for language, text in found]


def example(page: str, language: str) -> str:
    """The first block of that language on a page of `docs`."""
    return next(each.text for each in blocks(DOCS / page) if each.language == language)


def commands(page: Path, program: str) -> list[list[str]]:
    """The words of each command line of this program in the blocks without a language."""
    found = []
    for block in blocks(page):
        if block.language:
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if line.startswith(f"{program} ") else []
            if words:
                found.append(words[1:])
    return found


def spans(page: Path) -> list[str]:
    """The code in the text of a page, outside of its fenced blocks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", text)]


def name(page: Path) -> str:
    """The page as a test id."""
    return page.relative_to(command.ROOT).as_posix()
