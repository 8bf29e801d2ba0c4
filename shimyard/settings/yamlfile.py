"""YAML as strictly as an operator needs it: no doubled keys, no bombs, errors with a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from shimyard.errors import ShimyardError, shown

MAX_BYTES = 1024 * 1024
MAX_NODES = 40_000
"""Values of a document after its aliases are written out: about a thousand machines."""
MAX_DEPTH = 64
MAX_NUMBER = 64
"""Characters of a number: a longer one takes minutes to convert, and no setting is that large."""


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

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        # Here and not where mappings are constructed: merge keys (<<) are written out by then.
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _refused(f"the key '{shown(key.value)}' stands twice", key)
                seen.add(key.value)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except yaml.YAMLError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # PyYAML's own constructors trip over '!!int ""', '!!timestamp x', 'a: 2026-13-45'.
            kind = node.tag.rpartition(":")[2]
            raise _refused(f"is not the {kind} that it should be", node) from error

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """A whole or a broken number, if it is short enough to be meant as one."""
        if len(node.value) > MAX_NUMBER:
            raise _refused(f"has a number of more than {MAX_NUMBER} characters", node)
        whole = node.tag.endswith(":int")
        return self.construct_yaml_int(node) if whole else self.construct_yaml_float(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_number)


def _refused(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


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
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())[:200]
        raise YamlError(path, f"is not YAML: {problem}", mend="correct the file") from None
    except (ValueError, OverflowError):
        raise YamlError(
            path,
            "a text in quotes has an escape (\\U...) that stands for no character",
            mend="write the character itself",
        ) from None
    except _TooDeepError:
        raise _too_deep(path) from None
    except _TooManyError:
        raise _too_many(path) from None


def _read(path: Path) -> str:
    try:
        # Some files, such as devices, don't tell their size before they are read.
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise YamlError(
                path, f"is larger than {MAX_BYTES} bytes", mend="name the right stack file"
            )
        return content.decode()
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
