"""Binaryen's wasm-opt: https://github.com/WebAssembly/binaryen."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shimyard.packaging.shrink import ShrinkError

OLDEST: Final = 121
"""The first version that can tell all of ``FEATURES`` apart."""
FEATURES: Final = (
    "bulk-memory",
    "bulk-memory-opt",
    "call-indirect-overlong",
    "extended-const",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
    "simd",
)
"""What a program may use: WebAssembly 2.0, which every shim's engine has. No more is brought in."""
_FLAGS: Final = (
    "-Oz",
    "--strip-debug",
    "--strip-producers",
    "--mvp-features",
    *(f"--enable-{feature}" for feature in FEATURES),
)
_MEND: Final = (
    "npm install binaryen, and give node_modules/.bin/wasm-opt by --wasm-opt; distributions' "
    "packages are often older"
)
_SECONDS: Final = 1800


@dataclass(frozen=True)
class WasmOpt:
    """The program at ``path``, of ``version``."""

    path: str
    version: int

    @classmethod
    def find(cls, path: str = "wasm-opt") -> WasmOpt:
        """That on PATH, or at ``path``. Raises ``ShrinkError`` without one, or with an old one."""
        found = shutil.which(path)
        if found is None:
            raise ShrinkError(f"there is no {path}", mend=_MEND)
        told = subprocess.run(
            [found, "--version"], capture_output=True, text=True, check=False, timeout=60
        )
        version = re.match(r"wasm-opt version (\d+)", told.stdout)
        if version is None:
            raise ShrinkError(
                f"{found} is not wasm-opt: {(told.stdout or told.stderr).strip()}", mend=_MEND
            )
        if int(version[1]) < OLDEST:
            raise ShrinkError(
                f"{found} is version {version[1]}, and {OLDEST} or newer is needed", mend=_MEND
            )
        return cls(found, int(version[1]))

    def __call__(self, module: bytes) -> bytes:
        """A core module, smaller. Raises ``ShrinkError`` with wasm-opt's own words."""
        with tempfile.TemporaryDirectory(prefix="shimyard-") as folder:
            before, after = Path(folder, "before.wasm"), Path(folder, "after.wasm")
            before.write_bytes(module)
            done = subprocess.run(
                [self.path, *_FLAGS, str(before), "-o", str(after)],
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
            if done.returncode != 0:
                said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
                raise ShrinkError(
                    f"wasm-opt refuses a module:\n{said}",
                    mend="build it for WebAssembly 2.0, without later features",
                )
            return after.read_bytes()
