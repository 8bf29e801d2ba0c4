"""Stand-ins for Pulumi's programs and for Go: short shell scripts."""

from __future__ import annotations

from pathlib import Path


def write_program(path: Path, output: str) -> None:
    """Make ``path`` an executable that prints ``output``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n# Stand-in for a program of Pulumi's.\necho '{output}'\n")
    path.chmod(0o755)


def install_pulumi(folder: Path, version: str, *, host: bool = True) -> Path:
    """Put a pulumi that prints ``version``, and its language host, into ``folder``."""
    write_program(folder / "pulumi", version)
    if host:
        write_program(folder / "pulumi-language-python", "")
    return folder


def write_go(folder: Path, body: str) -> None:
    """Put a ``go`` into ``folder`` that runs the shell script ``body``."""
    folder.mkdir(exist_ok=True)
    go = folder / "go"
    go.write_text(f"#!/bin/sh\n# Stand-in for Go.\n{body}\n")
    go.chmod(0o755)
