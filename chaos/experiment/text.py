"""From the text of an experiment's file to its document: JSON by a JSON parser, else YAML."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import yaml

from chaos.errors import ChaosConfigError


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark, which is left out.

    Raises ChaosConfigError with the file.
    """
    try:
        raw = path.read_bytes()
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        raise ChaosConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ChaosConfigError(f"{path}: must be text in UTF-8: {error.reason}") from error


def document(text: str, path: Path) -> tuple[Any, list[str]]:
    """The document that a text holds, and one note for each key that stands twice in JSON.

    A file named `.json` must be JSON.  Any other text is JSON when it can be, else YAML.
    `path` is for the sentences.  Raises ChaosConfigError with the file and the line.
    """
    named_json = path.suffix.lower() == ".json"
    if named_json or text.lstrip().startswith("{"):
        notes: list[str] = []
        try:
            return _sound(_json(text, notes), path), notes
        except ChaosConfigError:
            raise
        except json.JSONDecodeError as error:
            if named_json:
                raise ChaosConfigError(
                    f"{path}, line {error.lineno}: must be JSON: {error.msg}"
                ) from error
        except RecursionError as error:
            raise ChaosConfigError(f"{path}: cannot be read: it is nested too deeply") from error
        except ValueError as error:  # a number of thousands of digits
            raise ChaosConfigError(f"{path}: cannot be read: {error}") from error
    try:
        twice: list[str] = []
        return _sound(_yaml(text, twice), path), twice
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ChaosConfigError(f"{path}{line}: not YAML: {error.problem}") from error
    except ChaosConfigError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise ChaosConfigError(f"{path}: cannot be read: {reason}") from error


def _json(text: str, notes: list[str]) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            names = [name for name, _ in items]
            twice = sorted({name for name in names if names.count(name) > 1})
            notes.extend(f"the key {name!r} stands twice: the last one counts" for name in twice)
        return found

    return json.loads(text, object_pairs_hook=pairs)


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which takes the last of two equal keys; it notes them."""

    def __init__(self, text: str, notes: list[str]) -> None:
        super().__init__(text)
        self._notes = notes

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set[tuple[str, str]]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                name = (key.tag, key.value)
                if name in seen:
                    self._notes.append(f"the key {key.value!r} stands twice: the last one counts")
                seen.add(name)
        return node


def _yaml(text: str, notes: list[str]) -> Any:
    loader = _Loader(text, notes)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _sound(value: Any, path: Path) -> Any:
    """The value with the two halves of each surrogate pair, as YAML leaves them, put together.

    Raises ChaosConfigError for half of a pair: no record could hold it.
    """
    if isinstance(value, str):
        try:
            return value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise ChaosConfigError(
                f"{path}: {value!r} must be text, got half of a surrogate pair"
            ) from None
    if isinstance(value, list):
        return [_sound(each, path) for each in value]
    if isinstance(value, dict):
        return {_sound(key, path): _sound(each, path) for key, each in value.items()}
    return value
