"""Docstrings of classes, of their attributes and of a module's constants."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from types import ModuleType


def summary(owner: object) -> str:
    """The first paragraph of a docstring, on one line; empty without one."""
    return " ".join((inspect.getdoc(owner) or "").split("\n\n")[0].split())


def first_sentence(owner: object) -> str:
    """The first sentence of a docstring."""
    return summary(owner).partition(". ")[0].rstrip(".") + "."


def whole(owner: object) -> str:
    """The docstring as paragraphs of one line each, separated by an empty line."""
    paragraphs = (inspect.getdoc(owner) or "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def attributes(kind: type) -> dict[str, str]:
    """Attribute -> the docstring below it, for a class and its bases; the class itself wins."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        found |= _below(base)
    return found


@cache
def _below(owner: type | ModuleType) -> dict[str, str]:
    try:
        source = inspect.getsource(owner)
    except (OSError, TypeError):  # a class of a compiled module
        return {}
    tree = ast.parse(inspect.cleandoc("\n" + source) if isinstance(owner, type) else source)
    body = tree.body
    if isinstance(owner, type):
        body = body[0].body if body and isinstance(body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for statement, text in pairwise(body):
        name = _assigned(statement)
        if (
            name is not None
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            found[name] = " ".join(text.value.value.split())
    return found


def constants(module: ModuleType) -> dict[str, str]:
    """Constant -> the docstring below it."""
    return dict(_below(module))


def _assigned(statement: ast.stmt) -> str | None:
    """The name that a statement assigns to, where it is one name."""
    if isinstance(statement, ast.AnnAssign):
        target: ast.expr = statement.target
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None
