"""The results' file: it grows part by part, so that a run can go on where another was cut off."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants.tools import Tools
from lab.commands import attempt
from toolchain import Toolchain

_PEERS: Final = ("pyinfra", "ansible-core", "mitogen")


class Record:
    """``parts``: name -> what was measured. Kept as JSON at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content: dict[str, Any] = {"parts": {}}
        if path.exists():
            self.content = json.loads(path.read_text())

    @property
    def parts(self) -> dict[str, Any]:
        """What is there so far."""
        parts: dict[str, Any] = self.content["parts"]
        return parts

    def describe(self, machine: Mapping[str, str], versions: Mapping[str, str]) -> None:
        """Say where and with what; the date is that of the last run."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        self.content |= {"date": now, "machine": dict(machine), "versions": dict(versions)}
        self._write()

    def note(self, sentence: str) -> None:
        """Keep what a reader must know of the last run; empty if there is nothing."""
        self.content["note"] = sentence
        self._write()

    def add(self, name: str, part: Mapping[str, Any]) -> None:
        """Add a finished part, and write it down at once."""
        self.parts[name] = dict(part)
        self._write()

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.content, indent=1) + "\n")
        fresh.rename(self.path)


def machine() -> dict[str, str]:
    """What it ran on."""
    facts = dict(
        line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line
    )
    model = next((v.strip() for k, v in facts.items() if k.strip() == "model name"), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{os.cpu_count()} x {model}",
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "load": f"{os.getloadavg()[0]:.1f} at the beginning of the last run",
    }


def versions(pulumi: Toolchain, tools: Tools | None = None) -> dict[str, str]:
    """Of everybody who was measured. ``tools``: the peers', where they were."""
    return {
        "shimyard": commit(),
        "pulumi": str(pulumi.version),
        "python": platform.python_version(),
        **({} if tools is None else {name: tools.version(name) for name in _PEERS}),
    }


def commit() -> str:
    """Of this checkout."""
    checkout = str(Path(__file__).parents[2])
    told = attempt(["git", "-C", checkout, "describe", "--always", "--dirty"]).stdout.strip()
    return told or "of an unknown commit"


def median(samples: Sequence[Mapping[str, float]], field: str = "seconds") -> float:
    """Of one field of some samples."""
    return statistics.median(each[field] for each in samples)


def spread(samples: Sequence[Mapping[str, float]], field: str = "seconds") -> tuple[float, float]:
    """Least and most."""
    values = [each[field] for each in samples]
    return min(values), max(values)
