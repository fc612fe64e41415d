"""`python -m harness.reference FOLDER`: write every reference page into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.reference.pages import PAGES


def main(folder: Path) -> None:
    """Write the pages.  Raises OSError when the folder cannot be written to."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m harness.reference FOLDER")
    main(Path(sys.argv[1]))
