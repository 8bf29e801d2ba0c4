"""What a contestant is: something that checks a state on all hosts of a fleet, by one command."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from benchmarks.hosts.fleet import Fleet
from benchmarks.state import ManagedFile


@dataclass(frozen=True)
class Command:
    """One command line, its folder and its whole environment."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Verdict:
    """What a contestant says of its run: addresses that it looked at, and that it found changed."""

    looked: frozenset[str]
    changed: frozenset[str]


class Contestant(ABC):
    """One way to check that ``files`` are as wanted on the hosts of ``fleet``.

    ``folder``: an empty one of its own. ``name``: in tables. ``means``: with which settings.
    ``repairs``: whether the same command also takes a drifted file back on these hosts.
    ``looks``: whether it contacts the hosts at all. ``checks``: whether it would find a drifted
    file.
    """

    name: ClassVar[str]
    means: ClassVar[str]
    repairs: ClassVar[bool] = True
    looks: ClassVar[bool] = True
    checks: ClassVar[bool] = True

    def __init__(self, fleet: Fleet, files: Sequence[ManagedFile], folder: Path) -> None:
        self.fleet = fleet
        self.files = tuple(files)
        self.folder = folder

    @abstractmethod
    def prepare(self) -> None:
        """Write what it reads. Not measured."""

    @abstractmethod
    def command(self) -> Command:
        """What is measured."""

    @abstractmethod
    def verdict(self, output: str) -> Verdict:
        """Read what it printed. Raises ``BenchmarkError`` if that can't be understood."""

    def write_sources(self) -> None:
        """The contents of the files, as files of this side, in ``files/``."""
        sources = self.folder / "files"
        sources.mkdir()
        for file in self.files:
            (sources / file.name).write_text(file.content)

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own settings but PATH; a home of its own."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
        }
