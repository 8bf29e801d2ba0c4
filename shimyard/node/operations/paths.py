"""Operations on files, links and folders."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.operations.base import Operation


@dataclass(frozen=True)
class PlaceFile(Operation):
    """Put a staged file at its path. ``adopt``: what stands there is not ours and is kept."""

    path: str
    staged: str
    mode: str
    owner: str
    group: str
    adopt: bool

    def words(self) -> tuple[str, ...]:
        """file PATH STAGED MODE OWNER GROUP adopt|managed."""
        ownership = "adopt" if self.adopt else "managed"
        return ("file", self.path, self.staged, self.mode, self.owner, self.group, ownership)


@dataclass(frozen=True)
class PlaceLink(Operation):
    """Put a symbolic link at its path."""

    path: str
    target: str
    adopt: bool

    def words(self) -> tuple[str, ...]:
        """link PATH TARGET adopt|managed."""
        return ("link", self.path, self.target, "adopt" if self.adopt else "managed")


@dataclass(frozen=True)
class RemovePath(Operation):
    """Take our file or link away; an original that it had replaced comes back."""

    path: str

    def words(self) -> tuple[str, ...]:
        """remove PATH."""
        return ("remove", self.path)


@dataclass(frozen=True)
class RemoveFolder(Operation):
    """Remove a folder that came into being with us, if it is empty."""

    path: str

    def words(self) -> tuple[str, ...]:
        """rmdir PATH."""
        return ("rmdir", self.path)


@dataclass(frozen=True)
class MakeFolder(Operation):
    """Make a folder, and those above it, where there is none."""

    path: str

    def words(self) -> tuple[str, ...]:
        """dir PATH."""
        return ("dir", self.path)


@dataclass(frozen=True)
class DeclareData(Operation):
    """Announce a tree that a service is going to make."""

    path: str

    def words(self) -> tuple[str, ...]:
        """data PATH."""
        return ("data", self.path)


@dataclass(frozen=True)
class RemoveData(Operation):
    """Remove a tree that a service of ours has made."""

    path: str

    def words(self) -> tuple[str, ...]:
        """rmdata PATH."""
        return ("rmdata", self.path)

    def effect(self) -> str:
        """It can't be taken back, so it is announced."""
        return f"deletes {self.path}"
