"""Builds packages of a locked cargo workspace, natively or to Wasm."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.builds.errors import BuildError
from lab.builds.recipe import Input
from lab.commands import run

BUILD_SECONDS = 3600.0
RUSTUP = "install Rust with rustup (https://rustup.rs)"


@cache
def rustc_version() -> str:
    """The compiler's version line, for example ``rustc 1.95.0 (59807616e 2026-04-14)``.

    Errors: ``BuildError`` if there is no Rust.
    """
    return _tool("rustc", "--version").strip()


@dataclass(frozen=True)
class CargoWorkspace:
    """A folder with Cargo.toml and Cargo.lock, and the folders of the packages in it."""

    folder: Path
    packages: tuple[Path, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What decides the outputs: the toolchain, the lock file, the sources."""
        manifests = (self.folder / "Cargo.toml", self.folder / "Cargo.lock")
        return (rustc_version(), *manifests, *self.packages)

    def build(
        self,
        packages: Sequence[str],
        target_folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        target: str | None = None,
    ) -> Path:
        """Build ``packages`` in release mode; the folder that then holds their outputs.

        In one call, so that what they share is compiled once, with the features that all need.

        ``env`` is added to this process's environment. ``target`` is a Rust target triple; None
        is the machine itself. ``target_folder`` holds cargo's intermediate files, gigabytes of
        them for the shims.

        Errors: ``CommandError`` with the last lines of cargo's output; ``BuildError`` without
        Rust.
        """
        argv = ["build", "--release", "--locked"]
        argv += [f"--package={package}" for package in packages]
        argv += ["--manifest-path", str(self.folder / "Cargo.toml")]
        argv += ["--target-dir", str(target_folder)]
        if target is not None:
            argv += ["--target", target]
        _tool("cargo", *argv, env=env)
        return target_folder / (target or "") / "release"


@contextmanager
def intermediate_folder(out: Path) -> Iterator[Path]:
    """Where cargo keeps what later builds could reuse: ``$CARGO_TARGET_DIR``, which is kept.

    Without that variable it is a folder in ``out``, removed at the end: the shims' holds
    gigabytes, and only the outputs are worth a place in the cache.
    """
    chosen = os.environ.get("CARGO_TARGET_DIR")
    if chosen:
        yield Path(chosen).absolute()
        return
    with tempfile.TemporaryDirectory(prefix="target-", dir=out) as folder:
        yield Path(folder)


def ensure_target(triple: str) -> None:
    """Have the standard library of Rust target ``triple``, by rustup if it is missing.

    Errors: ``BuildError`` if it is missing and there is no rustup to add it.
    """
    library = Path(_tool("rustc", "--print", "sysroot").strip()) / "lib/rustlib" / triple
    if library.is_dir():
        return
    if shutil.which("rustup") is None:
        raise BuildError(
            f"this Rust can't build for {triple}, and without rustup the lab can't add that",
            mend=f"{RUSTUP}, or add your distribution's package of Rust's {triple} library",
        )
    _tool("rustup", "target", "add", triple)


def _tool(program: str, *args: str, env: Mapping[str, str] | None = None) -> str:
    try:
        return run([program, *args], seconds=BUILD_SECONDS, env={**os.environ, **(env or {})})
    except FileNotFoundError as absent:
        raise BuildError(f"{program} is not on PATH", mend=RUSTUP) from absent
