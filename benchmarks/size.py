"""`python -m benchmarks.size`: what each step of the size pipeline takes off the lab's programs.

Needs Rust, Go and npm. Sizes do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.errors import BenchmarkError
from benchmarks.report.record import Record, commit, machine
from benchmarks.report.size import SIZES, document
from lab.builds.cargo import ensure_target, rustc_version
from lab.commands import run
from lab.errors import LabError
from lab.workloads import build
from lab.workloads.recipe import COMPONENT_TARGET, COMPONENTS, CRATES
from shimyard.packaging import ShrinkError, WasmOpt, shrink
from toolchain.cache import cached, digest
from toolchain.progress import Progress

RESULTS: Final = Path(__file__).with_name("results")
BINARYEN: Final = "132.0.0"
# Cargo's own release profile first; each step keeps those before it.
STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "cargo's release profile": {
        "OPT_LEVEL": "3",
        "LTO": "false",
        "CODEGEN_UNITS": "16",
        "PANIC": "unwind",
        "STRIP": "none",
    },
    "strip": {"STRIP": "true"},
    "opt-level z": {"OPT_LEVEL": "z"},
    "lto, one codegen unit": {"LTO": "true", "CODEGEN_UNITS": "1"},
    "panic abort": {"PANIC": "abort"},
}
SHRUNK: Final = "wasm-opt"


def wasm_opt(progress: Progress | None = None) -> WasmOpt:
    """Binaryen's, of a fixed version, by npm. Errors: ``BenchmarkError``, ``CommandError``."""
    if shutil.which("npm") is None:
        raise BenchmarkError("npm is not on PATH", mend="apt-get install npm")

    def install(folder: Path) -> None:
        run(
            ["npm", "install", "--silent", "--prefix", str(folder), f"binaryen@{BINARYEN}"],
            seconds=600,
        )

    folder = cached("binaryen", digest("binaryen", BINARYEN), install, progress=progress)
    return WasmOpt.find(str(folder / "node_modules/.bin/wasm-opt"))


def measure(optimize: WasmOpt, programs: Sequence[str], tell: Callable[[str], None]) -> Any:
    """Bytes of each program after each step, as they are and gzipped.

    ``programs``: components of the lab's. Errors: ``LabError``, ``ShrinkError``.
    """
    ensure_target(COMPONENT_TARGET)
    sizes: dict[str, dict[str, Any]] = {name: {} for name in programs}
    last: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-", dir="/var/tmp") as folder:
        for step, profile in _profiles():
            built = CRATES.build(programs, Path(folder), target=COMPONENT_TARGET, env=profile)
            for name in programs:
                last[name] = (built / f"{name}.wasm").read_bytes()
                sizes[name][step] = _size(last[name])
            tell(step)
    for name in programs:
        sizes[name][SHRUNK] = _size(shrink(last[name], optimize))
    return {"sizes": sizes}


def module_sizes(optimize: WasmOpt) -> dict[str, Any]:
    """The same of the module that Go makes, which has no such profile."""
    path = next(each.path for each in build() if each.name == "fileproc")
    module = path.read_bytes()
    return {"fileproc (Go)": {"go build -ldflags='-s -w'": _size(module),
                              SHRUNK: _size(shrink(module, optimize))}}  # fmt: skip


def _profiles() -> Iterator[tuple[str, dict[str, str]]]:
    profile: dict[str, str] = {}
    for step, changed in STEPS.items():
        profile |= {f"CARGO_PROFILE_RELEASE_{key}": value for key, value in changed.items()}
        yield step, dict(profile)


def _size(content: bytes) -> dict[str, int]:
    return {"bytes": len(content), "gzipped": len(gzip.compress(content, mtime=0))}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the report; returns the exit code."""
    options = _parser().parse_args(arguments)
    record = Record(options.results.with_suffix(".json"))
    progress = Progress()
    if not options.report:
        try:
            optimize = wasm_opt(progress)
            part = measure(optimize, COMPONENTS, progress.line)
            part["sizes"] |= module_sizes(optimize)
        except (BenchmarkError, LabError, ShrinkError) as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1
        versions = {"shimyard": commit(), "rust": rustc_version(), "binaryen": BINARYEN}
        record.describe(machine(), versions)
        record.add(SIZES, part)
    record.path.with_suffix(".md").write_text(document(record.content))
    print(f"written: {record.path.with_suffix('.md')}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description=__doc__)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS / f"{today}-size",
        help="where to write, without .json and .md (%(default)s)",
    )
    parser.add_argument("--report", action="store_true", help="write the report anew, and no more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
