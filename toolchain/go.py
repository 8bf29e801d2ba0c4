"""Builds programs from Go modules, with a Go that is new enough for them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from toolchain.errors import BuildError, GoMissingError

_TAIL_LINES = 15


def go_build(
    module: Path, package: str, target: Path, *, stamps: Sequence[str], product: str
) -> None:
    """Build ``package`` of the module in folder ``module`` into the file ``target``.

    ``stamps`` are variables for the linker, ``import/path.Name=value``. ``product`` is what errors
    call the program. Raises GoMissingError, BuildError.
    """
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    flags = " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in stamps)])
    result = subprocess.run(
        [*command, "-ldflags", flags, "-o", str(target), package],
        cwd=module,
        env=go_environment(needed_go(module), product),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-_TAIL_LINES:])
        raise BuildError(result.returncode, tail, product)


def needed_go(module: Path) -> str:
    """The Go version that the module's ``go.mod`` asks for, such as ``1.25.8``."""
    match = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise BuildError(1, f"{module / 'go.mod'} has no go line")
    return match.group(1)


def go_environment(needed: str, product: str = "the Pulumi CLI") -> dict[str, str]:
    """Variables under which ``go`` is new enough for ``needed``; raises GoMissingError.

    Go 1.21 and newer can fetch a newer Go as a module, also from a proxy; an older one cannot.
    """
    if shutil.which("go") is None:
        raise GoMissingError(needed, None, product)
    environment = {**os.environ, "GOWORK": "off", "GOTOOLCHAIN": "local"}
    found = _go_version(environment)
    if found is not None and _numbers(found) >= _numbers(needed):
        return environment
    environment["GOTOOLCHAIN"] = f"go{needed}"
    fetched = _go_version(environment)
    if fetched is None or _numbers(fetched) < _numbers(needed):
        raise GoMissingError(needed, found or "of unknown version", product)
    return environment


def _go_version(environment: dict[str, str]) -> str | None:
    result = subprocess.run(
        ["go", "env", "GOVERSION"],
        cwd=Path(sys.prefix),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.fullmatch(r"go(\d+(?:\.\d+)*)\S*", result.stdout.strip().split(" ")[0])
    return found.group(1) if result.returncode == 0 and found else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
