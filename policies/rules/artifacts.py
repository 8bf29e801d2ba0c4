"""Nothing reaches a machine whose digest stands in no lock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from policies.subject import Config, Subject, Violation
from policies.values import UNKNOWN, items, mapping
from shimyard.catalogue import ArtifactNotLocked, Catalogue, LockFileError

_DIGEST = re.compile(r"[0-9a-f]{64}")


def locked_artifacts(subject: Subject, _config: Config) -> Iterator[Violation]:
    """Every artifact has the digest that a lock states; every file from a URL has one at all.

    Locks are Shimyard's own and those in ``sources.lockFiles``, relative to the working folder:
    the engine starts a pack in the project's.
    """
    if not subject.is_of_a_machine:
        return
    artifacts = subject.inputs.get("artifacts")
    if mapping(artifacts):
        yield from _artifacts(subject, mapping(artifacts))
    for file in items(subject.inputs.get("files")):
        yield from _downloaded(mapping(file))


def _artifacts(subject: Subject, artifacts: Any) -> Iterator[Violation]:
    files = items(mapping(subject.inputs.get("sources")).get("lockFiles"))
    arch = mapping(subject.inputs.get("node")).get("arch") or "amd64"
    try:
        catalogue = _catalogue(tuple(str(file) for file in files))
    except LockFileError as error:
        yield Violation("sources.lockFiles", error.problem, error.mend)
        return
    for name, value in artifacts.items():
        record = mapping(value)
        version, digest = record.get("version"), record.get("sha256")
        if UNKNOWN in (version, digest):
            continue
        where = f"artifacts.{name}"
        if not _is_digest(digest):
            yield Violation(
                where,
                "has no SHA-256, so anything could be installed by its name",
                f"lock it: python -m shimyard.catalogue lock {name} {version}",
            )
            continue
        try:
            locked = catalogue.find(name, str(version), arch).sha256
        except ArtifactNotLocked as error:
            yield Violation(where, error.problem, error.mend)
            continue
        if locked != digest:
            yield Violation(
                where,
                f"is {digest}, and the lock of {name} {version} says {locked}",
                "preview again, with the lock that is committed",
            )


def _downloaded(file: Any) -> Iterator[Violation]:
    url = file.get("url")
    if url in (None, UNKNOWN) or _is_digest(file.get("sha256")) or file.get("sha256") is UNKNOWN:
        return
    yield Violation(
        f"files, {file.get('path')}",
        f"comes from {url} without a SHA-256, so it can be another file tomorrow",
        "state its sha256",
    )


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


@cache
def _catalogue(files: tuple[str, ...]) -> Catalogue:
    return Catalogue.load([Path(file).expanduser() for file in files])
