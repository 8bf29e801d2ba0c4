"""Third choice: the CLI built from the Go module registry, with our own Python language host."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from toolchain.cache import cached, digest, output_folder
from toolchain.go import go_build
from toolchain.installation import Toolchain
from toolchain.lock import PulumiLock
from toolchain.progress import Progress

HERE = Path(__file__).parent
MODULE = HERE / "pulumi-cli"
HOST = HERE / "language_host"
LAUNCHER = HOST / "launcher.sh"
# What the host imports from outside of its own folder.
SHARED = HERE / "errors.py"
PRODUCT = "the Pulumi CLI"


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
    go_build(MODULE, lock.build_package, target, stamps=[stamp], product=PRODUCT)


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
