"""`python -m shimyard.preview.changed`: the stacks that a change of files is about, as JSON.

The changed files come from standard input, one path a line, as `git diff --name-only` writes them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

_STACK_FILE = re.compile(r"stacks/Pulumi\.(.+)\.yaml")
_POLICY_FILE = re.compile(r"policies/stacks/(.+)\.json")
_FOR_ALL = (
    *("components/", "policies/", "shimyard/", "templates/", "toolchain/"),
    *(".github/workflows/", "Makefile", "Pulumi.yaml", "__main__.py", "requirements.txt"),
)
"""What every stack is made by: folders, and files by their whole path."""


def changed_stacks(
    paths: Iterable[str], project: Path, *, without: Iterable[str] = ()
) -> list[str]:
    """Names of the stacks of ``project`` that a change of ``paths`` is about, sorted.

    A stack file, and its policies' configuration, is about that stack; so is a file or folder that
    the stack file names (a lock, a model). Code, templates and policies are about all. ``without``:
    stacks that are never meant.
    """
    known = _stacks(project)
    found: set[str] = set()
    for path in paths:
        own = _STACK_FILE.fullmatch(path) or _POLICY_FILE.fullmatch(path)
        if own is not None:
            found.add(own[1])
        elif path.startswith(_FOR_ALL):
            found.update(known)
        else:
            found.update(name for name, file in known.items() if _names(file, path))
    return sorted((found & set(known)) - set(without))


def _stacks(project: Path) -> dict[str, Path]:
    """Name -> file of every stack."""
    found = {}
    for path in sorted((project / "stacks").glob("Pulumi.*.yaml")):
        named = _STACK_FILE.fullmatch(f"stacks/{path.name}")
        if named is not None:
            found[named[1]] = path
    return found


def _names(file: Path, path: str) -> bool:
    """Whether the stack file names ``path``, or a folder that it is in."""
    places = {str(place) for place in (PurePosixPath(path), *PurePosixPath(path).parents)} - {"."}
    return any(str(PurePosixPath(text)) in places for text in _texts(_document(file)))


def _document(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        # Its preview will say what is wrong with it.
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        # A path in a stack file has neither.
        if value and "\n" not in value and "\0" not in value:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the stacks as a JSON list, for the matrix of a workflow."""
    parser = argparse.ArgumentParser(prog="python -m shimyard.preview.changed", description=__doc__)
    parser.add_argument(
        "--without", action="append", default=[], metavar="STACK", help="never this one"
    )
    options = parser.parse_args(arguments)
    paths = [line.rstrip("\n") for line in sys.stdin]
    print(json.dumps(changed_stacks(paths, Path.cwd(), without=options.without)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
