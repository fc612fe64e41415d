"""Whether an agent's model is a class of its own that works in its own process.

The stand-in cannot take the place of such a model, and it need not: it costs nothing, and no
request leaves the machine.  Read from the agent's code, which is not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_LIBRARIES = frozenset(
    (
        *("__future__", "abc", "asyncio", "collections", "copy", "dataclasses", "datetime"),
        *("decimal", "enum", "functools", "hashlib", "itertools", "json", "logging", "math"),
        *("operator", "random", "re", "string", "textwrap", "time", "types", "typing"),
        *("typing_extensions", "uuid", "pydantic"),
    )
)
"""Modules that reach no network by themselves.  `os` is none: it may give an address."""
_GOOGLE = ("google.adk", "google.genai.types")
_OF_A_MODEL = ("base_llm", "llm_request", "llm_response", "BaseLlm", "LlmRequest", "LlmResponse")
"""What a class of a model needs of `google.adk.models`."""
_MOST_FILES, _MOST_BYTES = 200, 1_000_000


def is_local(agent: Path) -> bool:
    """Whether the code has a class of `BaseLlm`, names no other model, and reaches no network.

    False where the code cannot be read or parsed.
    """
    found = False
    own = {agent.name} | {path.stem for path in agent.rglob("*.py")}
    try:
        for tree in _sources(agent):
            nodes = list(ast.walk(tree))
            if any(_names_a_model(node) or not _is_harmless(node, own) for node in nodes):
                return False
            found = found or any(_is_a_model(node) for node in nodes)
    except (OSError, ValueError, SyntaxError):
        return False
    return found


def _sources(agent: Path) -> Iterator[ast.Module]:
    for number, path in enumerate(sorted(agent.rglob("*.py"))):
        if number >= _MOST_FILES or path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"{path}: too much code to be read")
        yield ast.parse(path.read_text(encoding="utf-8-sig"))


def _is_a_model(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        (isinstance(base, ast.Name) and base.id == "BaseLlm")
        or (isinstance(base, ast.Attribute) and base.attr == "BaseLlm")
        for base in node.bases
    )


def _names_a_model(node: ast.AST) -> bool:
    """Whether a call, such as that of `Agent`, takes its model by name, or by a variable."""
    if not isinstance(node, ast.keyword) or node.arg not in ("model", "llm"):
        return False
    return not isinstance(node.value, ast.Call)


def _is_harmless(node: ast.AST, own: set[str]) -> bool:
    """Whether the node is no import of a module that may reach a network."""
    if isinstance(node, ast.Import):
        names = [each.name for each in node.names]
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            return True
        module = node.module or ""
        names = [f"{module}.{each.name}" for each in node.names]
    else:
        return not (isinstance(node, ast.Name) and node.id in ("__import__", "eval", "exec"))
    return all(_is_known(name, own) for name in names)


def _is_known(name: str, own: set[str]) -> bool:
    first = name.partition(".")[0]
    if first == "google":
        # Other models of ADK, and other parts of the client library, call their providers.
        is_ours = any(name == each or name.startswith(f"{each}.") for each in _GOOGLE)
        return is_ours and not _is_a_provider(name)
    return first in _LIBRARIES or first in own


def _is_a_provider(name: str) -> bool:
    words = name.split(".")
    if words[:3] != ["google", "adk", "models"]:
        return False
    return len(words) < 4 or words[3] not in _OF_A_MODEL
