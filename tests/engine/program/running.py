"""A `pulumi up` that is under way, and its processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.deadline import wait_for
from tests.engine.program.project import Project


@contextmanager
def upping(project: Project, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`pulumi up`, or another command, under way. It ends with the block at the latest.

    Its provider, too: that one looks whether it still has a parent.
    """
    command = arguments or ("up", "--yes", "--skip-preview")
    with subprocess.Popen(
        project.command(*command),
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as engine:
        try:
            yield engine
        finally:
            engine.kill()


def provider_of(engine: subprocess.Popen[str]) -> int:
    """The process of the provider that ``engine`` has started."""
    found: list[int] = []

    def look() -> str | None:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if b"shimyard.provider" in words and parent == str(engine.pid):
                found.append(int(entry.name))
                return None
        return "no provider"

    wait_for("the provider's start", look, seconds=30)
    return found[0]
