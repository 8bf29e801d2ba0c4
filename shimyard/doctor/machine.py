"""What the node's verb `doctor` tells of one machine: a pure parser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from shimyard.doctor.certificates import Certificate, certificate
from shimyard.doctor.worlds import World, world
from shimyard.node.facts.lines import Lines

ProgramState = Literal["runs", "fails", "not-executable", "dangling"]
ConfigState = Literal["read", "refused", "absent"]

_PROGRAM_STATES: Mapping[str, ProgramState] = {
    "runs": "runs",
    "fails": "fails",
    "not-executable": "not-executable",
    "dangling": "dangling",
}
_CONFIG_STATES: Mapping[str, ConfigState] = {"read": "read", "refused": "refused"}
_CONTAINER = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Program:
    """A file that should be a program. ``words``: what `-v` said, or where a link leads."""

    state: ProgramState
    words: str = ""


@dataclass(frozen=True)
class Runtime:
    """A handler of containerd's merged configuration; ``path`` is "" for a search by type."""

    type: str
    path: str = ""


@dataclass(frozen=True)
class Disk:
    """A file system: KiB and inodes, in all and free; None where it does not count them."""

    mount: str
    size: int | None
    free: int | None
    inodes: int | None
    free_inodes: int | None


@dataclass(frozen=True)
class MachineFacts:
    """``programs``: path -> state. ``runtimes``: handler -> runtime, empty unless config is read.

    ``complaint``: containerd's words about a configuration that it refuses. ``daemon``: systemd's
    word for containerd. ``started`` and ``written`` (path -> last change of a file of the
    configuration): Unix seconds. ``plugins``: CRI plugin -> its status in the containerd that
    runs. ``broken``: digest of a store entry -> its files whose content has changed since it was
    verified. ``worlds``: digest of an image's manifest -> what its component imports. ``starved``:
    containers in which the kernel has killed a process for memory, as containerd names them.
    """

    programs: Mapping[str, Program] = field(default_factory=dict)
    config: ConfigState = "absent"
    complaint: str = ""
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    daemon: str = ""
    started: int | None = None
    written: Mapping[str, int] = field(default_factory=dict)
    plugins: Mapping[str, str] = field(default_factory=dict)
    disks: tuple[Disk, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    worlds: Mapping[str, World] = field(default_factory=dict)
    starved: frozenset[str] = frozenset()
    broken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MachineFacts:
        """From the verb's output. Raises ValueError if it was cut off."""
        lines = Lines(text)
        if not lines.complete:
            raise ValueError("the answer ends in the middle")
        config, complaint = next(lines.of("config", 2), ("absent", ""))
        started = _number(lines.one("started"))
        return cls(
            {
                path: Program(_PROGRAM_STATES.get(state, "fails"), words)
                for path, state, words in lines.of("program", 3)
            },
            _CONFIG_STATES.get(config, "absent"),
            complaint,
            _runtimes(lines),
            lines.one("daemon", ""),
            started,
            {
                path: seconds
                for path, told in lines.of("written", 2)
                if (seconds := _number(told)) is not None
            },
            {name: state for name, state in lines.of("plugin", 2)},  # noqa: C416
            tuple(_disks(lines)),
            tuple(
                found
                for path, body in lines.of("certificate", 2)
                if (found := certificate(path, body)) is not None
            ),
            {
                digest: served
                for digest, config in lines.of("world", 2)
                if (served := world(config)) is not None
            },
            frozenset(
                names[-1]
                for (group,) in lines.of("starved", 1)
                if (names := _CONTAINER.findall(group))
            ),
            {digest: tuple(names.split()) for digest, names in lines.of("broken", 2)},
        )

    @property
    def unread(self) -> str | None:
        """A file of the configuration that was written after containerd started, if any."""
        if self.started is None:
            return None
        # Both are cut to whole seconds, at different places.
        late = (path for path, written in self.written.items() if written > self.started + 1)
        return next(late, None)


def _runtimes(lines: Lines) -> dict[str, Runtime]:
    values: dict[str, dict[str, str]] = {}
    for name, key, value in lines.of("runtime", 3):
        values.setdefault(name, {})[key] = value
    return {
        name: Runtime(told.get("runtime_type", ""), told.get("runtime_path", ""))
        for name, told in values.items()
    }


def _disks(lines: Lines) -> Iterator[Disk]:
    mounts: set[str] = set()
    for mount, size, free, inodes, left in lines.of("disk", 5):
        if mount not in mounts:
            mounts.add(mount)
            yield Disk(mount, _number(size), _number(free), _number(inodes), _number(left))


def _number(text: str) -> int | None:
    # What other scripts have for digits, and thousands of them, is no number for int().
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
