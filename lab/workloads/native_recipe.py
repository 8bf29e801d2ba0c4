"""The greeter as an ordinary program, for an ordinary container: static, no engine, no shim."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lab.builds.cargo import CargoWorkspace, intermediate_folder
from lab.builds.recipe import Arch
from lab.workloads.recipe import FOLDER
from toolchain.cache import cached, digest
from toolchain.progress import Progress

PROGRAM: Final = "greeter-native"
CRATES: Final = CargoWorkspace(FOLDER, packages=(FOLDER / "greeter", FOLDER / "native"))
TRIPLES: Final[Mapping[Arch, str]] = {
    "amd64": "x86_64-unknown-linux-gnu",
    "arm64": "aarch64-unknown-linux-gnu",
}
# With libc inside, its image needs no other file.
_STATIC: Final = {"RUSTFLAGS": "-C target-feature=+crt-static"}


def greeter_native(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, which must be this machine's or have a linker here.

    Serves HTTP on port 8080, or the address that it is given, and logs into a second argument.
    Errors: ``BuildError`` without Rust; ``CommandError`` with cargo's words.
    """
    return static_program(
        CRATES, "native", PROGRAM, arch=arch, entry=f"workload-{PROGRAM}", progress=progress
    )


def static_program(
    crates: CargoWorkspace,
    package: str,
    program: str,
    *,
    arch: Arch,
    entry: str,
    progress: Progress | None = None,
) -> Path:
    """``program`` of a package for nodes of ``arch``, from the cache's ``entry`` or built.

    Errors: as ``greeter_native``.
    """
    triple = TRIPLES[arch]

    def make(out: Path) -> None:
        with intermediate_folder(out) as target:
            built = crates.build([package], target, target=triple, env=_STATIC)
            shutil.copy2(built / program, out)

    key = digest(program, triple, *_STATIC.values(), *crates.inputs)
    return cached(f"{entry}-{arch}", key, make, progress=progress) / program
