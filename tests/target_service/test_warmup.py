"""After its warm-up a replica rarely walks all the histories that it has cached."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.service

_COUNTS = """
import asyncio, gc, sys
from google.adk.events.event import Event
from google.genai import types
from target_service.server.warmup import warm_up
from target_service.settings import from_environment

full = 0
def count(phase, info):
    global full
    full += phase == "start" and info["generation"] == 2
gc.disable()
if sys.argv[1] == "warm":
    asyncio.run(warm_up(from_environment()))
else:
    gc.freeze()
    gc.enable()
gc.callbacks.append(count)
cached = [
    Event(author="user", content=types.Content(role="user", parts=[types.Part(text=str(number))]))
    for number in range(20_000)
]
print(full)
"""


def full_collections(how: str) -> int:
    """Full collections while a process caches twenty thousand events."""
    words = [sys.executable, "-c", _COUNTS, how]
    return int(subprocess.run(words, check=True, capture_output=True, timeout=100).stdout)


@pytest.mark.slow
def test_full_collections_are_rare_after_the_warm_up() -> None:
    assert full_collections("cold") >= 2
    assert full_collections("warm") == 0
