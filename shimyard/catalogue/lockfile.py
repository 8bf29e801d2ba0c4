"""The artifact lock file: JSON, read strictly, written atomically."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from shimyard.catalogue.artifact import Artifact
from shimyard.catalogue.errors import LockFileError
from shimyard.errors import shown
from shimyard.settings.base import Model
from shimyard.settings.explain import explain

MAX_LOCK_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 5_000
"""A hundred times Shimyard's own lock."""


class LockFile(Model):
    """Content of a lock file."""

    version: Literal[1] = Field(description="Version of the format.")
    artifacts: Annotated[
        list[Artifact],
        Field(max_length=MAX_ENTRIES, description="Entries in the file's order."),
    ]


def read_lock(path: Path) -> list[Artifact]:
    """The entries of ``path`` in its order. Raises ``LockFileError`` with every mistake."""
    raw = _parse(path, _read(path))
    try:
        artifacts = LockFile.model_validate(raw).artifacts
    except ValidationError as error:
        raise LockFileError(path, _named(explain(error, LockFile), raw)) from None
    seen: dict[tuple[str, str, str], int] = {}
    for index, artifact in enumerate(artifacts):
        first = seen.setdefault(artifact.key, index)
        if first != index:
            raise LockFileError(
                path,
                [
                    (
                        f"artifacts[{index}]",
                        f"{' '.join(artifact.key)} stands already at artifacts[{first}]; keep one",
                    )
                ],
            )
    return artifacts


def write_lock(path: Path, artifacts: Sequence[Artifact]) -> None:
    """Replace ``path`` in one rename, so that a reader sees the old lock or the new one."""
    document = {
        "version": 1,
        "artifacts": [item.model_dump(mode="json", by_alias=False) for item in artifacts],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> str:
    try:
        # Some files, such as devices, don't tell their size before they are read.
        with path.open("rb") as file:
            content = file.read(MAX_LOCK_BYTES + 1)
        if len(content) > MAX_LOCK_BYTES:
            problem = f"is larger than {MAX_LOCK_BYTES} bytes; this is no lock file"
            raise LockFileError(path, [("file", problem)])
        return content.decode()
    except FileNotFoundError:
        raise LockFileError(
            path,
            [("file", "there is no such file")],
            mend="create it with `python -m shimyard.catalogue lock NAME VERSION --lock "
            f"{path}`, or take it out of artifacts.lockFiles",
        ) from None
    except OSError as error:
        raise LockFileError(
            path,
            [("file", f"can't be read: {error.strerror}")],
            mend="name a file that can be read in artifacts.lockFiles",
        ) from None
    except UnicodeDecodeError:
        raise LockFileError(path, [("file", "is not UTF-8 text")]) from None


def _parse(path: Path, text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except _DuplicateKeyError as error:
        problem = f"the key '{shown(str(error))}' stands twice in one object; keep one"
        raise LockFileError(path, [("file", problem)]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise LockFileError(path, [(where, f"is not JSON: {error.msg}")]) from None
    except (RecursionError, ValueError):
        raise LockFileError(path, [("file", "is nested too deeply or has a huge number")]) from None


class _DuplicateKeyError(Exception):
    """Inner signal: JSON would silently keep the last of two equal keys."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise _DuplicateKeyError(key)
        result[key] = value
    return result


def _named(problems: list[tuple[str, str]], raw: object) -> list[tuple[str, str]]:
    """Put name, version and arch beside 'artifacts[7]', which nobody wants to count out."""
    entries = raw.get("artifacts") if isinstance(raw, dict) else None
    named: list[tuple[str, str]] = []
    for field, sentence in problems:
        place = re.match(r"artifacts\[([0-9]{1,9})\]", field)
        label = ""
        if isinstance(entries, list) and place is not None and int(place[1]) < len(entries):
            entry = entries[int(place[1])]
            if isinstance(entry, dict):
                parts = [_word(entry.get(key, "?")) for key in ("name", "version", "arch")]
                label = f" ({' '.join(parts)})"
        named.append((field + label, sentence))
    return named


def _word(value: object) -> str:
    return shown(value) if isinstance(value, str) else "?"
