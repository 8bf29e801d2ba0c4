"""YAML as strictly as an operator needs it: no doubled keys, no bombs, errors with a line."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from shimyard.errors import ShimyardError

MAX_BYTES = 1024 * 1024
MAX_NODES = 100_000
"""Values of a document after its aliases are written out."""
MAX_DEPTH = 64


class YamlError(ShimyardError):
    """A file that is no usable YAML. Attributes: ``path``, ``line`` (from 1, or None)."""

    def __init__(self, path: Path, problem: str, *, line: int | None = None, mend: str) -> None:
        place = f"{path}, line {line}" if line is not None else str(path)
        super().__init__(f"{place}: {problem}", mend=mend)
        self.path = path
        self.line = line


class _TooDeepError(Exception):
    """Inner signal: stop before Python's own recursion limit does."""


class _TooManyError(Exception):
    """Inner signal: stop reading."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader; a key that stands twice is an error instead of the last one winning."""

    _depth = 0
    _nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeepError
        if self._nodes > MAX_NODES:
            raise _TooManyError
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is not None and name in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{name}' stands twice", key.start_mark
                )
            if name is not None:
                seen.add(name)
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> object:
    """The one document in ``path``. Raises ``YamlError``, never a parser's own error."""
    text = _read(path)
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return None
            _bound(root, path)
            return loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "is not YAML"
        mend = "keep one of them" if "stands twice" in problem else "correct the YAML at this line"
        raise YamlError(path, problem, line=mark.line + 1 if mark else None, mend=mend) from None
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: a timestamp or a number that looks right and is none.
        problem = " ".join(str(error).split())[:200]
        raise YamlError(path, f"is not YAML: {problem}", mend="correct the file") from None
    except _TooDeepError:
        raise _too_deep(path) from None
    except _TooManyError:
        raise _too_many(path) from None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise YamlError(
                path, f"is larger than {MAX_BYTES} bytes", mend="name the right stack file"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"can't be read: {error.strerror}"
        raise YamlError(path, problem, mend="name a stack file that exists") from None
    except UnicodeDecodeError:
        raise YamlError(path, "is not UTF-8 text", mend="save the file as UTF-8") from None


def _bound(root: yaml.Node, path: Path) -> None:
    """Refuse what is small as text and huge as a value: nested aliases, and cycles of them."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise _too_deep(path)
        if id(node) not in sizes:
            total = 1
            if isinstance(node, yaml.CollectionNode):
                for child in node.value:
                    pair = child if isinstance(child, tuple) else (child,)
                    total += sum(size(part, depth + 1) for part in pair)
            sizes[id(node)] = total
        if sizes[id(node)] > MAX_NODES:
            raise _too_many(path)
        return sizes[id(node)]

    size(root, 0)


def _too_deep(path: Path) -> YamlError:
    return YamlError(
        path,
        f"is nested more than {MAX_DEPTH} levels deep or contains itself",
        mend="write it flatter, without aliases to an outer value",
    )


def _too_many(path: Path) -> YamlError:
    return YamlError(
        path,
        f"has more than {MAX_NODES} values, with its aliases (&, *) written out",
        mend="write the values out, or remove the aliases",
    )
