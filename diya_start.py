"""Starts diya's processes in a repository that may have packages with the names of diya's own.

A user's repository may have a `reports` or a `chaos` of its own.  A process of diya begins
here: `python -P diya_start.py MODULE ARGUMENTS` is `python -m MODULE ARGUMENTS`, except that the
rooms are those beside this file, in any working directory and with any PYTHONPATH.  The process of
a test has both packages: there, inside a block, `our_names` gives the names to diya's.

This module has a name that no other package has, and imports nothing of diya.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType

ROOMS = ("target_service", "loadtests", "chaos", "reports", "harness")
_ROOT = os.path.dirname(os.path.abspath(__file__))
_OPTIONS = "diya_options"
_USERS = "--here"

_lent: dict[str, ModuleType] = {}
"""Modules of diya whose names mean the repository's own modules outside of `our_names`."""


class _Beside:
    """Finds packages beside this file, by these names, and nothing else."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of a package with one of the names; None for any other name."""
        return PathFinder.find_spec(name, [_ROOT]) if name in self._names else None


def command(module: str, *arguments: str, users: bool = False) -> list[str]:
    """The command line of a process of diya.

    With `users` it also imports the user's modules from the working directory; of diya's rooms it
    finds only its own, and the other names are free for the user's packages.
    """
    # -P: Python searches neither the working directory nor the folder of this file.
    return [sys.executable, "-P", __file__, *([_USERS] if users else []), module, *arguments]


@contextlib.contextmanager
def our_names() -> Iterator[None]:
    """Inside the block `import reports` imports diya's package; after it, the repository's."""
    taken = {room for room in ROOMS if not _is_ours(room)}
    theirs = _take(taken)
    sys.modules.update(_lent)
    finder = _Beside({*taken, _OPTIONS})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _lent.update(_take(taken))
        sys.modules.update(theirs)


def diya() -> None:
    """The command `diya`.  Raises SystemExit with its exit code."""
    _begin([*ROOMS, _OPTIONS])
    runpy.run_module("harness.cli", run_name="__main__", alter_sys=True)


def main() -> None:
    """Run the module that the command line names, as `python -m` does."""
    words = sys.argv[1:]
    if words[0] == _USERS:
        del words[0]
        sys.path.insert(0, os.getcwd())
        _begin([words[0].partition(".")[0]])
    else:
        _begin([*ROOMS, "diya_start", _OPTIONS])
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _begin(names: Iterable[str]) -> None:
    sys.meta_path.insert(0, _Beside(names))


def _is_ours(room: str) -> bool:
    """Whether an import of the room finds diya's package at the moment."""
    if room in sys.modules:
        places = getattr(sys.modules[room], "__path__", ())
    else:
        spec = find_spec(room)
        places = () if spec is None else spec.submodule_search_locations or ()
    ours = os.path.realpath(os.path.join(_ROOT, room))
    return ours in [os.path.realpath(place) for place in places]


def _take(rooms: set[str]) -> dict[str, ModuleType]:
    """Remove the modules of these rooms from `sys.modules` and return them."""
    names = [name for name in sys.modules if name.partition(".")[0] in rooms]
    return {name: sys.modules.pop(name) for name in names}


if __name__ == "__main__":
    main()
