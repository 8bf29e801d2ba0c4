"""`python -m shimyard.doctor`: for each node and handler, the first broken link and its mend.

Exit code 0: nothing is broken. 1: something is. 2: wrong usage, or somebody could not be asked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from shimyard.doctor.report import UNREACHABLE, Report
from shimyard.doctor.rounds import examine
from shimyard.doctor.stack import read_stack
from shimyard.errors import ShimyardError


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask the machines of one stack and print the report."""
    options = _parser().parse_args(arguments)
    file = options.file or Path("stacks") / f"Pulumi.{options.stack}.yaml"
    try:
        stack = read_stack(file)
    except ShimyardError as error:
        print(error, file=sys.stderr)
        return UNREACHABLE
    report = Report.of(examine(stack.settings, stack.name, stack.project))
    print(report.json() if options.json else report.text())
    return report.code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shimyard.doctor", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("file", nargs="?", type=Path, metavar="STACKFILE")
    which.add_argument("--stack", metavar="NAME", help="stacks/Pulumi.NAME.yaml")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
