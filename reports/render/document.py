"""One self-contained page: its head, styles and script, and the badge of a verdict."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib import resources

Hover = Sequence[tuple[str, Sequence[str]]]

_BADGES = {
    "GO": '<circle cx="16" cy="16" r="14"/><path d="M9.5 16.5l4.5 4.5 9-10"/>',
    "NO-GO": '<path class="fill" d="M10 2h12l8 8v12l-8 8H10l-8-8V10z"/><path d="M11 11l10 10"/>'
    '<path d="M21 11L11 21"/>',
    "INCONCLUSIVE": '<path class="fill" d="M16 2.5L30.5 28h-29z"/><path d="M16 12v8"/>'
    '<path d="M16 24v.4"/>',
    "SAME": '<circle cx="16" cy="16" r="14"/><path d="M9.5 12.5h13"/><path d="M9.5 19.5h13"/>',
    "RUNNING": '<circle cx="16" cy="16" r="14"/><path d="M16 8v8l6 4"/>',
    "NO STATEMENT": '<circle cx="16" cy="16" r="14"/><path d="M9.5 16h13"/>',
}
_BADGES |= {
    "WORSE": _BADGES["NO-GO"],
    "BETTER": _BADGES["GO"],
    "UNDECIDED": _BADGES["INCONCLUSIVE"],
    "NO-GO SO FAR": _BADGES["NO-GO"],
}


def page(
    title: str,
    kind: str,
    sections: Sequence[str],
    styles: Sequence[str],
    *scripts: str,
    asks: bool = False,
) -> str:
    """The page: works without a network, and without its script.

    `kind` is the CSS class of the body; `styles` and `scripts` are files of this folder.  The
    sections must be escaped already.  A page that `asks` may fetch from its own server.
    """
    style = "".join(_asset(name) for name in styles)
    code = [_asset(name) for name in scripts]
    hashes = " ".join(f"'{_integrity(each)}'" for each in code)
    allowed = f"script-src {hashes}; " if code else ""
    if asks:
        allowed += "connect-src 'self'; "
    # If an escape were ever missing, no foreign script runs and nothing is fetched.
    policy = (
        f"default-src 'none'; style-src '{_integrity(style)}'; {allowed}"
        "base-uri 'none'; form-action 'none'"
    )
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>{style}</style>\n</head>\n"
        f'<body class="{kind}">\n<main>\n'
        + "\n".join(sections)
        + "\n</main>\n"
        + "".join(f"<script>{each}</script>\n" for each in code)
        + "</body>\n</html>\n"
    )


def badge(verdict: str) -> str:
    """The verdict, or the word of a comparison, with its sign."""
    sign = _BADGES.get(verdict, _BADGES["INCONCLUSIVE"])
    return (
        f'<p class="verdict"><svg class="badge" viewBox="0 0 32 32" aria-hidden="true">{sign}'
        f"</svg><span>{escape(verdict)}</span></p>"
    )


def banner(verdict: str, headline: str, reasons: Sequence[str], told: Sequence[str]) -> str:
    """The verdict, its reason in one sentence, further ones as a list, and lines about the runs."""
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    listed = f"<ul>{items}</ul>\n" if items else ""
    lines = "".join(f'<p class="run">{escape(line)}</p>\n' for line in told if line)
    return (
        f'<header class="banner">\n{badge(verdict)}\n<h1>{escape(headline)}</h1>\n'
        f"{listed}{lines}</header>"
    )


def plot(chart: str, clock: Sequence[str], times: Sequence[float], hover: Hover) -> str:
    """A timeline's chart that scrolls sideways, with the values that its script reads out.

    `hover` holds the name of each series, and its values in words at `times` (seconds), of which
    `clock` are the words.
    """
    data = {"t": times, "clock": clock, "series": hover}
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="scroll" tabindex="0"><div class="plot">{chart}'
        '<output class="readout" hidden></output></div></div>\n'
        f'<script type="application/json" id="timeline-data">{text}</script>'
    )


def verdict_class(verdict: str) -> str:
    """The CSS class of a verdict."""
    return {"GO": "pass", "NO-GO": "fail"}.get(verdict, "unknown")


def section(title: str, content: str) -> str:
    """A section under a heading; the content must be escaped already."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _asset(name: str) -> str:
    return resources.files("reports.render").joinpath(name).read_text(encoding="utf-8")


def _integrity(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
