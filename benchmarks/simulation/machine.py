"""A stand-in for a machine: what our program on a node would answer, from a state in memory.

It speaks the program's whole protocol for a first change, a refresh and what a cluster's server is
asked: nothing is downloaded, no service starts, no container runs, and nothing takes any time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.simulation.cluster import SERVER_UNIT, SimulatedCluster
from shimyard.node.scripts import PROGRAM

# What a bare Debian has; a transaction makes the other folders.
_FOLDERS: Final = frozenset(
    {"", "/etc", "/etc/systemd", "/etc/systemd/system", "/opt", "/srv", "/usr", "/usr/local",
     "/usr/local/bin", "/usr/local/sbin", "/var", "/var/cache", "/var/lib"}
)  # fmt: skip
_IDS: Final = {"root": "0", "edge": "1000"}
_PHASES: Final = frozenset(re.findall(r"^((?:prepare|switch)_[a-z0-9_]+)\(\)", PROGRAM, re.M))
_OPERATIONS: Final = frozenset(
    {"expect", "containerd-config", "data", "dir", "adopt", "file", "link", "reload", "enable",
     "restart", "canary", "keep-canary", "await-node"}
)  # fmt: skip
_CANARY_MILLISECONDS: Final = 90


class UnknownCommandError(Exception):
    """A command that this stand-in has no answer to."""


@dataclass(frozen=True)
class Thing:
    """What stands at a path. ``kind``: in stat's words, "link" for a symbolic link."""

    kind: str
    mode: str = "755"
    owner: str = "root"
    group: str = "root"
    sha256: str = ""
    target: str = ""


@dataclass
class Resource:
    """One of Shimyard's resources on the machine, as its current generation has it."""

    generation: int
    manifest: list[str]
    canaries: list[str] = field(default_factory=list)


class SimulatedMachine:
    """One machine; ``number`` makes it another than the rest. Safe for many threads.

    ``things``: path -> what stands there. ``resources``: name -> resource.
    """

    def __init__(self, number: int, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.has_program = False
        self.things: dict[str, Thing] = {}
        self.resources: dict[str, Resource] = {}
        self.units: dict[str, tuple[str, str]] = {}
        self._id = f"{number:032x}"
        self._stored: set[str] = set()
        self._generations: list[int] = []
        self._made: list[tuple[str, str]] = []
        self._staged: dict[str, dict[str, bytes]] = {}
        self._guard = threading.Lock()

    def run(self, verb: str, arguments: Sequence[str], given: bytes) -> tuple[int, str]:
        """The exit code and the output of ``node VERB``; ``given``: its standard input.

        Raises ``UnknownCommandError``.
        """
        with self._guard:
            if verb == "facts":
                return 0, _joined(self._facts())
            if verb == "receive":
                self._staged[arguments[0]] = _unpacked(given)
                return 0, "received\n"
            if verb == "fetch":
                return 0, _joined(self._fetch(self._staged[arguments[0]]))
            if verb == "launch":
                return 0, _joined(self._launch(self._staged.pop(arguments[0])))
            if SERVER_UNIT in self.units:
                return self.cluster.run(verb, arguments)
        raise UnknownCommandError(verb)

    # --- facts -----------------------------------------------------------------------------------

    def _facts(self) -> Iterator[str]:
        yield from ("arch\tx86_64", f"machine\t{self._id}", f"boot\t{self._id}")
        yield from (f"clock\t{int(time.time())}", "os\tdebian 13", "cgroup\tv1")
        for name in ("tar", "gzip", "xz", "sha256sum", "timeout", "systemd-run"):
            yield f"tool\t{name}"
        for folder in ("/var/lib", "/usr/local", "/etc"):
            yield f"space\t{folder}\t50000000\t6000000\twritable"
        for name, resource in sorted(self.resources.items()):
            yield f"resource\t{name}\t{resource.generation}"
            yield from (f"have\t{name}\t{line}" for line in resource.manifest)
            yield from (f"canary\t{name}\t{line}" for line in resource.canaries)
            rows = [line.split("\t") for line in resource.manifest]
            yield from self._observed([row for row in rows if row[0] not in {"store", "unit"}])
            for row in rows:
                if row[0] == "store":
                    yield f"store\t{row[1]}\tsound"
                elif row[0] == "unit":
                    active, enabled = self.units[row[1]]
                    yield f"unit\t{row[1]}\tloaded\t{active}\t{enabled}"
        yield from (f"stored\t{digest}" for digest in sorted(self._stored))
        yield from (f"generation\t{number}" for number in self._generations)
        yield from (f"made\t{kind}\t{path}" for kind, path in sorted(self._made))
        yield "end"

    def _observed(self, rows: Sequence[Sequence[str]]) -> Iterator[str]:
        found = [(row[0], row[1], self.things.get(row[1])) for row in rows]
        yield from (f"seen\t{path}\tabsent" for _, path, thing in found if thing is None)
        for _, path, thing in found:
            if thing is not None and thing.kind != "link":
                ids = f"{_IDS.get(thing.owner, '0')}\t{_IDS.get(thing.group, '0')}"
                words = f"{thing.kind}\t{thing.mode}\t{thing.owner}\t{thing.group}\t{ids}"
                yield f"seen\t{path}\t{words}"
        for kind, path, thing in found:
            if kind == "file" and thing is not None and thing.kind.startswith("regular"):
                yield f"digest\t{thing.sha256}\t{path}"
        for _, path, thing in found:
            if thing is not None and thing.kind == "link":
                yield f"target\t{path}\t{thing.target}"

    # --- a transaction ---------------------------------------------------------------------------

    def _fetch(self, staged: dict[str, bytes]) -> Iterator[str]:
        for row in _rows(staged["artifacts"]):
            if row[0] == "artifact":
                self._stored.add(row[1])
                yield f"progress\t{row[1]}\t0"
                yield f"stored\t{row[1]}"

    def _launch(self, staged: dict[str, bytes]) -> Iterator[str]:
        name = staged["resource"].decode()
        plan = _rows(staged["plan"])
        number = max(self._generations, default=0) + 1
        canaries: list[str] = []
        now = int(time.time())
        yield f"step\t{now}\tbegin\t{name}\t{number}"
        for phase in ("prepare", "switch"):
            for operation, *words in plan:
                if operation not in _OPERATIONS:
                    raise UnknownCommandError(f"{operation} in a plan")
                if f"{phase}_{operation.replace('-', '_')}" not in _PHASES:
                    continue
                yield f"step\t{now}\t{phase}\t{operation}\t{words[0] if words else ''}"
                if phase == "prepare":
                    yield from self._prepare(operation, words)
                else:
                    yield from self._switch(operation, words, staged)
                if operation == "canary":
                    canaries.append(f"{words[0]}\tpassed\t{_CANARY_MILLISECONDS}\t{now}")
                elif operation == "keep-canary":
                    kept = self.resources[name].canaries
                    canaries += [line for line in kept if line.startswith(f"{words[0]}\t")]
        yield f"step\t{now}\tcommit\t{name}\t{number}"
        yield f"committed\t{number}"
        manifest = staged["manifest"].decode().splitlines()
        self.resources[name] = Resource(number, manifest, canaries)
        self._generations.append(number)
        for word in ("current", "originals", "made", "result"):
            yield f"step\t{now}\tfinish\t{word}\t{name}"
        yield f"result\tok\t{number}"
        yield "exit\t0"

    def _prepare(self, operation: str, words: Sequence[str]) -> Iterator[str]:
        if operation == "dir":
            yield from self._folder(words[0])
        elif operation in {"file", "link"}:
            yield from self._folder(words[0].rpartition("/")[0])
            yield f"undo\tpath\t{words[0]}\t{'had' if words[0] in self.things else 'absent'}"
        elif operation == "data":
            self._made.append(("data", words[0]))
            yield f"undo\tmade-data\t{words[0]}"
        elif operation == "adopt":
            yield f"undo\tunit-record\t{words[0]}"

    def _folder(self, path: str) -> Iterator[str]:
        if path in _FOLDERS or path in self.things:
            return
        yield from self._folder(path.rpartition("/")[0])
        self.things[path] = Thing("directory")
        self._made.append(("dir", path))
        yield f"undo\tmade\t{path}"

    def _switch(
        self, operation: str, words: Sequence[str], staged: dict[str, bytes]
    ) -> Iterator[str]:
        first = words[0] if words else ""
        active, enabled = self.units.get(first, ("inactive", "disabled"))
        if operation == "file":
            content = staged[words[1]]
            kind = "regular file" if content else "regular empty file"
            digest = hashlib.sha256(content).hexdigest()
            self.things[first] = Thing(kind, words[2].lstrip("0"), words[3], words[4], digest)
        elif operation == "link":
            self.things[first] = Thing("link", target=words[1])
        elif operation == "reload":
            yield "undo\treload\t-"
        elif operation == "enable":
            self.units[first] = (active, "enabled")
            yield f"undo\tenablement\t{first}\t{enabled}"
        elif operation == "restart":
            self.units[first] = ("active", enabled)
            yield f"undo\tactivity\t{first}\t{active}\t{words[1]}\t{words[2]}"
        elif operation == "canary":
            yield f"canary\t{first}\tpassed\t{_CANARY_MILLISECONDS}"
        elif operation == "await-node":
            self.cluster.join(first, server=words[1] == SERVER_UNIT)


def _unpacked(given: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(given))) as archive:
        files = ((member.name, archive.extractfile(member)) for member in archive)
        return {name: file.read() for name, file in files if file is not None}


def _rows(content: bytes) -> list[list[str]]:
    return [line.split("\t") for line in content.decode().splitlines()]


def _joined(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
