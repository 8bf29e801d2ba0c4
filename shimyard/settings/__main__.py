"""`python -m shimyard.settings`: check stack files, write their schema and their reference."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from shimyard.errors import ShimyardError
from shimyard.settings.reference import reference_text
from shimyard.settings.schema import schema_text
from shimyard.settings.stackfile import read_stack_file

SCHEMA_FILE = Path("stacks/schema.json")
REFERENCE_FILE = Path("docs/reference/settings.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if a file has a mistake."""
    options = _parser().parse_args(arguments)
    if options.command == "schema":
        return _write(options.output, schema_text())
    if options.command == "docs":
        return _write(options.output, reference_text())
    return _check(options.files)


def _check(files: Sequence[Path]) -> int:
    wrong = 0
    for file in files:
        try:
            settings = read_stack_file(file)
        except ShimyardError as error:
            wrong += 1
            print(error, file=sys.stderr)
        else:
            handlers = ", ".join(shim.handler for shim in settings.runtime.shims) or "no shim"
            apps = len(settings.apps) + len(settings.hybrid_apps)
            print(f"{file}: {len(settings.nodes)} nodes, {handlers}, {apps} apps")
    return 1 if wrong else 0


def _write(file: Path, text: str) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(f"wrote {file}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shimyard.settings", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="check stack files without Pulumi")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    schema = commands.add_parser("schema", help="write the JSON Schema of stack files")
    schema.add_argument("--output", type=Path, default=SCHEMA_FILE)
    docs = commands.add_parser("docs", help="write the reference page")
    docs.add_argument("--output", type=Path, default=REFERENCE_FILE)
    return parser


if __name__ == "__main__":
    sys.exit(main())
