"""What one resource wants a machine to look like: plain data, no behaviour, no host."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shimyard.node.paths import stored


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact in the node's store.

    ``members``: path in the archive -> file name in the store; for a "raw" artifact the one key
    is "". ``size`` in bytes, None if the lock does not know it. ``urls`` in the order to try.
    ``bundle``: the file on the controller, if there is one.
    """

    name: str
    version: str
    sha256: str
    size: int | None
    format: Literal["tar.gz", "tar.xz", "raw"]
    members: tuple[tuple[str, str], ...]
    urls: tuple[str, ...] = ()
    bundle: Path | None = None

    def path(self, name: str) -> str:
        """The path of an installed file on the node."""
        return stored(self.sha256, name)


@dataclass(frozen=True)
class File:
    """A regular file. Its bytes are ``content``, or those of ``source`` on the controller."""

    path: str
    sha256: str
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"
    content: bytes | None = field(default=None, repr=False)
    source: Path | None = None

    @classmethod
    def of(cls, path: str, text: str, *, mode: str = "0644") -> File:
        """A file of root's with this text."""
        content = text.encode()
        return cls(path, hashlib.sha256(content).hexdigest(), mode, content=content)

    def read(self) -> bytes:
        """The bytes to send. Raises OSError if the source on the controller is gone."""
        if self.content is not None:
            return self.content
        if self.source is None:
            raise ValueError(f"{self.path} has neither content nor source")
        return self.source.read_bytes()


@dataclass(frozen=True)
class Link:
    """A symbolic link into the store."""

    path: str
    target: str


@dataclass(frozen=True)
class Data:
    """A tree that a service makes: removed with the resource, if it was not there before."""

    path: str


START_SECONDS = 120
"""How long a service may take to be ready, unless its unit knows better."""


@dataclass(frozen=True)
class Unit:
    """A systemd service. ``reads``: the paths whose change it notices only after a restart.

    ``runs_containers``: it is containerd, which forgets Wasm containers when it restarts.
    ``is_kubelet``: it is K3s, which leaves pods behind when it is removed. Both: K3s with the
    containerd that it brings. ``seconds`` it may take to be ready.
    """

    name: str
    reads: frozenset[str]
    runs_containers: bool = False
    is_kubelet: bool = False
    seconds: int = START_SECONDS


@dataclass(frozen=True)
class Canary:
    """A container that proves a handler.

    ``runtime``: containerd's runtime type, or the path of the shim. ``archive``: an OCI image
    layout as a tar, or None: then ``image`` is pulled. ``platform`` as 'os/arch'. ``expected``:
    text that the container must print, or None if exit code 0 is enough. ``seconds`` it may take.
    ``depends_on``: paths whose change calls for a new proof.
    """

    handler: str
    runtime: str
    image: str
    platform: str
    archive: bytes | None = field(default=None, repr=False)
    expected: str | None = None
    depends_on: frozenset[str] = frozenset()
    seconds: int = 60


@dataclass(frozen=True)
class ConfigCheck:
    """The real program that must accept a staged file: ``binary`` and the ``path`` it is for."""

    binary: str
    path: str


@dataclass(frozen=True)
class Registration:
    """The machine's Node object, which must be Ready after a start of the ``unit``.

    ``kubeconfig``: a file on the machine that may read the object. ``seconds`` it may take.
    """

    node: str
    unit: str
    kubeconfig: str
    seconds: int


@dataclass(frozen=True)
class Images:
    """An archive of images that containerd imports, by ``sha256`` of the artifact and its path."""

    sha256: str
    path: str


@dataclass(frozen=True)
class ClusterToken:
    """The file with the token of the servers, by which K3s encrypts the keys of its cluster.

    ``asks``: this server has the cluster take another token; the others follow it.
    """

    path: str
    asks: bool


@dataclass(frozen=True)
class DesiredState:
    """Everything that one resource manages on one machine.

    ``folders``: folders that must exist, though others may put files into them; removed with the
    resource if they came into being with it and are empty.
    """

    resource: str
    artifacts: tuple[StoredArtifact, ...] = ()
    files: tuple[File, ...] = ()
    links: tuple[Link, ...] = ()
    folders: tuple[str, ...] = ()
    data: tuple[Data, ...] = ()
    unit: Unit | None = None
    check: ConfigCheck | None = None
    canaries: tuple[Canary, ...] = ()
    registration: Registration | None = None
    cluster_token: ClusterToken | None = None
    # The program of K3s that saves etcd before it is replaced by another one.
    snapshots: str | None = None
    images: tuple[Images, ...] = ()

    def manifest(self) -> tuple[tuple[str, ...], ...]:
        """One tuple of words for each thing that a generation consists of."""
        lines: list[tuple[str, ...]] = [("store", item.sha256) for item in self.artifacts]
        lines += [("file", f.path, f.mode, f.owner, f.group, f.sha256) for f in self.files]
        lines += [("link", link.path, link.target) for link in self.links]
        lines += [("dir", path) for path in self.folders]
        lines += [("data", item.path) for item in self.data]
        if self.unit is not None:
            kind = ["kubelet"] if self.unit.is_kubelet else []
            if self.unit.is_kubelet and self.unit.runs_containers:
                kind.append("containerd")
            lines.append(("unit", self.unit.name, *kind))
        return tuple(lines)
