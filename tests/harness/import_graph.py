"""Which module of ours imports which, read from the sources, and the circles among them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Graph = dict[str, set[str]]
"""Module -> the modules that it imports."""


@dataclass
class Imports:
    """The imports of some packages, by the moment at which they happen."""

    at_import: Graph = field(default_factory=dict)
    """Of modules and classes: importing the one imports the other."""
    in_functions: Graph = field(default_factory=dict)
    """Of function bodies: calling the one imports the other."""

    def all(self) -> Graph:
        """Both together."""
        return {name: self.at_import[name] | self.in_functions[name] for name in self.at_import}


def read(root: Path, packages: Iterable[str], modules: Iterable[str] = ()) -> Imports:
    """The imports among packages and single modules in `root`.

    An import of `a.b` runs `a/__init__.py` too.  Imports under `if TYPE_CHECKING:` do not count,
    because they never run.
    """
    paths = {module: root / f"{module}.py" for module in modules}
    for package in packages:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    imports = Imports()
    for name, path in paths.items():
        imports.at_import[name], imports.in_functions[name] = set(), set()
        for node, in_function in _statements(ast.parse(path.read_text()), in_function=False):
            found = imports.in_functions if in_function else imports.at_import
            for module in _modules(node, paths):
                found[name] |= _with_packages(module, name, paths)
    return imports


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other, sorted."""
    reached = {name: _reachable(name, graph) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    found = set[str]()
    waiting = [start]
    while waiting:
        for name in graph[waiting.pop()] - found:
            found.add(name)
            waiting.append(name)
    return found


def _statements(
    node: ast.AST, *, in_function: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import below a node, and whether it stands in a function."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, in_function
    inner = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    skipped: list[ast.stmt] = []
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        skipped = node.body
    for child in ast.iter_child_nodes(node):
        if child not in skipped:
            yield from _statements(child, in_function=inner)


def _modules(node: ast.Import | ast.ImportFrom, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules that a statement names: `from a import b` is `a.b` where that is a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert not node.level, "relative imports are not used here"
    for alias in node.names:
        name = f"{node.module}.{alias.name}"
        yield name if name in known else str(node.module)


def _with_packages(module: str, importer: str, known: Mapping[str, Path]) -> set[str]:
    """The module and the packages above it that are not above the importer."""
    parts = module.split(".")
    chain = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return {name for name in chain if name in known and not f"{importer}.".startswith(f"{name}.")}
