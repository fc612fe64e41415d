"""A headless browser that opens a page of ours, and what it saw."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests import tools

_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--dump-dom"),
]


def dump(source: str, folder: Path, width: int) -> tuple[str, str]:
    """The page's DOM, and what the browser logged."""
    path = folder / "page.html"
    path.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [
            tools.require("chromium", "chromium-browser"),
            *_FLAGS,
            f"--user-data-dir={folder / 'browser'}",
            f"--window-size={width},3000",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout, done.stderr


def probe(source: str, script: str, folder: Path, width: int) -> Any:
    """What `script` leaves as JSON in `document.body.dataset.probe`.

    The page's own policy would refuse the script, so it is dropped.
    """
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
    dom, _ = dump(free.replace("</body>", f"<script>{script}</script></body>"), folder, width)
    found = re.search(r'data-probe="([^"]*)"', dom)
    assert found
    return json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
