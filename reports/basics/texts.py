"""Reads text files in the encodings that editors and spreadsheets write."""

from __future__ import annotations

import codecs
from pathlib import Path


def read_text(path: Path, otherwise: str | None = None) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark, which is left out.

    `otherwise` is the encoding of text that is neither.  Raises OSError, or ValueError with the
    reason.
    """
    raw = path.read_bytes()
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        if otherwise is None or b"\0" in raw:
            raise ValueError(f"it is not {'UTF-16' if wide else 'UTF-8'} text") from None
        text = raw.decode(otherwise, "replace")
    if "\0" in text:  # UTF-16 without a mark, UTF-32, or no text
        raise ValueError("it must be UTF-8, or UTF-16 with a byte order mark, and has a zero byte")
    return text
