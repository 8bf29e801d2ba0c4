"""`python -m shimyard.packaging IN OUT`: a Wasm program, smaller, by wasm-opt."""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Sequence
from pathlib import Path

from shimyard.errors import ShimyardError
from shimyard.handlers import aligned
from shimyard.packaging.shrink import shrink
from shimyard.packaging.wasm_opt import WasmOpt


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the smaller program, and say by how much; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        before = options.program.read_bytes()
        after = shrink(before, WasmOpt.find(options.wasm_opt))
        options.output.write_bytes(after)
    except (ShimyardError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    rows = [("", "BYTES", "GZIPPED")]
    for name, content in (("before", before), ("after", after)):
        rows.append((name, f"{len(content):,}", f"{len(gzip.compress(content)):,}"))
    print(aligned(rows))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shimyard.packaging", description=__doc__)
    parser.add_argument("program", type=Path, metavar="IN", help="a module or a component")
    parser.add_argument("output", type=Path, metavar="OUT", help="where to write it")
    parser.add_argument("--wasm-opt", default="wasm-opt", help="Binaryen's program (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
