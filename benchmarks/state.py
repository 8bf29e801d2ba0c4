"""The converged state that every contestant checks: files by content, mode and owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# The name that `NodeFiles` gives itself on a machine.
RESOURCE: Final = "files-site"
_FOLDERS: Final = ("/etc/edge", "/opt/edge/models", "/srv/edge/site")
_MODES: Final = ("0644", "0600", "0755", "0640")
_OWNERS: Final = (("root", "root"), ("edge", "edge"), ("root", "edge"))


@dataclass(frozen=True)
class ManagedFile:
    """One operation of each contestant: this file with this content, mode, owner and group."""

    path: str
    content: str
    mode: str
    owner: str
    group: str

    @property
    def name(self) -> str:
        """A name for its source on the controller."""
        return self.path.strip("/").replace("/", "-")


def state(size: int) -> tuple[ManagedFile, ...]:
    """``size`` files of 40 bytes to 8 KB in three folders, with some modes and owners."""
    return tuple(_file(number) for number in range(size))


def _file(number: int) -> ManagedFile:
    owner, group = _OWNERS[number % len(_OWNERS)]
    lines = 1 << (number % 9)
    return ManagedFile(
        f"{_FOLDERS[number % len(_FOLDERS)]}/part-{number:03}.conf",
        "".join(f"part {number:03}, line {line:04}, of all\n" for line in range(lines)),
        _MODES[number % len(_MODES)],
        owner,
        group,
    )


def folders() -> tuple[str, ...]:
    """The folders of any state, as absolute paths."""
    return _FOLDERS
