"""The files of a machine, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import unified_diff
from typing import Any, Literal

from shimyard.preview.events import SECRET, UNKNOWN
from shimyard.preview.model import FileChange

_HEAD = 2


def file_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], changed: Iterable[str] = ()
) -> tuple[FileChange, ...]:
    """What changes in the rendered and placed files of a resource, by its inputs.

    ``changed``: property paths that the engine names, by which a secret file is known to change.
    """
    before, after, named = _files(old), _files(new), list(changed)
    return tuple(
        _change(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
        or (before[path] == SECRET and any(f'"{path}"' in each for each in named))
    )


def _files(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Path -> text; of a file without a text to show, its digest in brackets."""
    given = inputs.get("files")
    if isinstance(given, Mapping):
        return {path: text if isinstance(text, str) else SECRET for path, text in given.items()}
    digests = inputs.get("digests")
    records: Mapping[str, Any] = digests if isinstance(digests, Mapping) else {}
    found = {path: _digest(record) for path, record in records.items()}
    for entry in given if isinstance(given, list) else []:
        content = entry.get("content")
        if isinstance(content, str):
            found[entry["path"]] = content
        elif "secretContent" in entry:
            found[entry["path"]] = SECRET
    return found


def _digest(record: Any) -> str:
    if not isinstance(record, Mapping):
        return SECRET
    return f"[sha256 {record.get('sha256')}]"


def _change(path: str, before: str | None, after: str | None) -> FileChange:
    action: Literal["add", "update", "delete"] = "update"
    if before is None:
        action = "add"
    elif after is None:
        action = "delete"
    note = _note(before, after)
    if note:
        return FileChange(path, action, note=note)
    diff = unified_diff((before or "").splitlines(), (after or "").splitlines(), lineterm="", n=3)
    return FileChange(path, action, tuple(diff)[_HEAD:])


def _note(before: str | None, after: str | None) -> str:
    """Why there are no lines to show; empty if there are."""
    if SECRET in (before, after):
        return "a secret: not shown"
    if after == UNKNOWN:
        return "not known before `up`"
    if any(text is not None and text.startswith("[sha256 ") for text in (before, after)):
        return f"by digest: {before or 'not there'} -> {after or 'not there'}"
    return ""
