"""Facts of the operating system: architecture, identity, tools, space, clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shimyard.node.facts.lines import Lines

_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Space:
    """Free space below a folder: ``available`` in KiB, ``inodes`` free; None if not told."""

    available: int | None
    inodes: int | None
    writable: bool


@dataclass(frozen=True)
class SystemFacts:
    """``arch`` in Go's words, ``machine`` from /etc/machine-id, ``clock`` in Unix seconds."""

    arch: str = ""
    machine: str = ""
    boot: str = ""
    clock: int = 0
    os: str = ""
    cgroup: str = ""
    tools: frozenset[str] = frozenset()
    space: Mapping[str, Space] = field(default_factory=dict)

    @classmethod
    def parse(cls, lines: Lines) -> SystemFacts:
        """From the lines arch, machine, boot, clock, systemd, os, cgroup, tool and space."""
        arch = lines.one("arch")
        return cls(
            arch=_ARCH.get(arch, arch),
            machine=lines.one("machine"),
            boot=lines.one("boot"),
            clock=_number(lines.one("clock")) or 0,
            os=lines.one("os"),
            cgroup=lines.one("cgroup"),
            tools=frozenset(name for (name,) in lines.of("tool", 1)),
            space={
                folder: Space(_number(kib), _number(inodes), access == "writable")
                for folder, kib, inodes, access in lines.of("space", 4)
            },
        )


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
