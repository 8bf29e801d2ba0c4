"""Third choice: the CLI built from the Go module registry, with our own Python language host."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from toolchain.cache import cached, digest, output_folder
from toolchain.errors import BuildError, GoMissingError
from toolchain.installation import Toolchain
from toolchain.lock import PulumiLock
from toolchain.progress import Progress

HERE = Path(__file__).parent
MODULE = HERE / "pulumi-cli"
HOST = HERE / "language_host"
LAUNCHER = HOST / "launcher.sh"
# What the host imports from outside of its own folder.
SHARED = HERE / "errors.py"
_TAIL_LINES = 15


def from_build(lock: PulumiLock, progress: Progress, *, build: bool = True) -> Toolchain | None:
    """Pulumi built from ``toolchain/pulumi-cli``, four to five minutes the first time.

    ``build=False`` only looks into the cache and returns None if the CLI is not there.
    Raises GoMissingError, BuildError.
    """
    version = lock.build_version
    name, key = f"pulumi-{version}-cli", _cli_key(lock)
    if not build and not output_folder(name, key).is_dir():
        return None
    cli = cached(
        name,
        key,
        lambda folder: _go_build(lock, folder / "pulumi"),
        progress=progress,
        doing=f"building the Pulumi CLI {version} from Go modules (some minutes)",
    )
    bundle = cached(
        f"pulumi-{version}-bundle",
        digest(key, HOST, SHARED),
        lambda folder: _assemble(cli / "pulumi", folder),
        progress=progress,
        doing="adding the Python language host",
    )
    return Toolchain(
        bundle / "bin" / "pulumi", bundle / "bin" / "pulumi-language-python", version, "build"
    )


def _cli_key(lock: PulumiLock) -> str:
    return digest(
        str(lock.build_version),
        lock.build_package,
        f"{sys.platform}-{platform.machine()}",
        MODULE / "go.mod",
        MODULE / "go.sum",
    )


def _go_build(lock: PulumiLock, target: Path) -> None:
    # Without the version the Automation API refuses the CLI.
    stamp = f"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{lock.build_version}"
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    command += ["-ldflags", f"-s -w -X {stamp}", "-o", str(target), lock.build_package]
    result = subprocess.run(
        command,
        cwd=MODULE,
        env=go_environment(needed_go()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        tail = "\n".join(result.stdout.splitlines()[-_TAIL_LINES:])
        raise BuildError(result.returncode, tail)


def needed_go() -> str:
    """The Go version that ``go.mod`` asks for, such as ``1.25.8``."""
    match = re.search(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise BuildError(1, f"{MODULE / 'go.mod'} has no go line")
    return match.group(1)


def go_environment(needed: str) -> dict[str, str]:
    """Variables under which ``go`` is new enough for ``needed``; raises GoMissingError.

    Go 1.21 and newer can fetch a newer Go as a module, also from a proxy; an older one cannot.
    """
    if shutil.which("go") is None:
        raise GoMissingError(needed, None)
    environment = {**os.environ, "GOWORK": "off", "GOTOOLCHAIN": "local"}
    found = _go_version(environment)
    if found is not None and _numbers(found) >= _numbers(needed):
        return environment
    environment["GOTOOLCHAIN"] = f"go{needed}"
    fetched = _go_version(environment)
    if fetched is None or _numbers(fetched) < _numbers(needed):
        raise GoMissingError(needed, found or "of unknown version")
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


def _assemble(cli: Path, folder: Path) -> None:
    binaries, library = folder / "bin", folder / "lib" / "toolchain"
    binaries.mkdir()
    try:
        os.link(cli, binaries / "pulumi")
    except OSError:
        shutil.copy2(cli, binaries / "pulumi")
    # The engine takes a host beside its own executable for its own, one elsewhere for a stranger's.
    shutil.copyfile(LAUNCHER, binaries / "pulumi-language-python")
    (binaries / "pulumi-language-python").chmod(0o755)
    shutil.copytree(
        HOST, library / "language_host", ignore=shutil.ignore_patterns("__pycache__", "*.sh")
    )
    shutil.copyfile(SHARED, library / SHARED.name)
    (library / "__init__.py").write_text("")
