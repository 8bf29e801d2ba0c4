"""Facts of what Shimyard manages: the manifests of all resources, and what stands there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shimyard.node.facts.lines import Lines

ManifestLine = tuple[str, ...]

_WIDTHS = {"store": 2, "file": 6, "link": 3, "dir": 2, "data": 2, "unit": 2}
"""Words of a manifest's line, as ``DesiredState.manifest`` writes them."""
_KINDS = {"regular file": "file", "regular empty file": "file", "directory": "dir"}


@dataclass(frozen=True)
class Seen:
    """What stands at a path: ``kind`` is file, dir, link, absent or another of stat's words."""

    kind: str
    mode: str = ""
    owners: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    sha256: str = ""
    target: str = ""


@dataclass(frozen=True)
class ManagedFacts:
    """``manifests``: resource -> its lines. ``seen``: path -> what stands there.

    ``stored``: digests in the store. ``broken``: those of which files have changed -> their names.
    ``made``: (kind, path) of folders and trees that came into being with us, kind 'dir' or 'data'.
    """

    manifests: Mapping[str, tuple[ManifestLine, ...]] = field(default_factory=dict)
    seen: Mapping[str, Seen] = field(default_factory=dict)
    stored: frozenset[str] = frozenset()
    broken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, lines: Lines) -> ManagedFacts:
        """From the lines have, seen, digest, target, store, stored and made."""
        manifests: dict[str, list[ManifestLine]] = {}
        for resource, _ in lines.of("resource", 2):
            manifests[resource] = []
        for row in lines.of("have", 2):
            if len(row) < _WIDTHS.get(row[1], 1) + 1:
                raise ValueError(f"the manifest of {row[0]} on the node is damaged")
            manifests.setdefault(row[0], []).append(row[1:])
        digests = {path: sha256 for sha256, path in lines.of("digest", 2)}
        seen: dict[str, Seen] = {}
        for path, kind, mode, user, group, uid, gid in lines.of("seen", 7):
            seen[path] = Seen(
                _KINDS.get(kind, kind),
                mode.zfill(4) if mode else "",
                frozenset({user, uid}),
                frozenset({group, gid}),
                digests.get(path, ""),
            )
        for path, target in lines.of("target", 2):
            seen[path] = Seen("link", target=target)
        return cls(
            {resource: tuple(rows) for resource, rows in manifests.items()},
            seen,
            frozenset(sha256 for (sha256,) in lines.of("stored", 1)),
            {
                digest: tuple(files.split())
                for digest, state, files in lines.of("store", 3)
                if state == "broken"
            },
            tuple((kind, path) for kind, path in lines.of("made", 2)),
        )

    def owner_of(self, path: str) -> str | None:
        """The resource whose manifest names ``path``."""
        for resource, rows in self.manifests.items():
            if any(row[0] in {"file", "link"} and row[1] == path for row in rows):
                return resource
        return None
