"""`python -m shimyard.preview`: what `pulumi up` would do, for people who review it.

Exit code 0: it can be applied. 1: the preview failed. 2: wrong usage. 3: a mandatory policy is
violated.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from shimyard.errors import ShimyardError
from shimyard.preview.engine import Engine, Preview
from shimyard.preview.events import read_events
from shimyard.preview.markdown import markdown, marker_of
from shimyard.preview.model import FAILED
from shimyard.preview.parts import COMMENT_LIMIT
from shimyard.preview.summarize import summarize

_STATES = {"required": True, "none": False, "auto": None}


def main(arguments: Sequence[str] | None = None) -> int:
    """Preview one stack and print its summary."""
    options = _parser().parse_args(arguments)
    try:
        found = _preview(options)
    except (ShimyardError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    summary = summarize(found.events, options.stack, compared=found.compared)
    if options.format == "json":
        text = json.dumps(summary.as_json(), indent=2, ensure_ascii=False) + "\n"
    else:
        text = markdown(summary, limit=options.limit, marker=marker_of(options.stack))
    if options.output is None:
        sys.stdout.write(text)
    else:
        options.output.write_text(text)
    return summary.code


def _preview(options: argparse.Namespace) -> Preview:
    if options.events is not None:
        with options.events.open() as lines:
            return Preview(read_events(lines), compared=options.state != "none")
    packs = [(pack.resolve(), _config(pack, options.stack)) for pack in options.policy_pack]
    return Engine(Path.cwd(), packs).preview(options.stack, state=_STATES[options.state])


def _config(pack: Path, stack: str) -> Path | None:
    """The stack's configuration of a pack: `stacks/<stack>.json` in the pack's folder."""
    path = pack.resolve() / "stacks" / f"{stack}.json"
    return path if path.is_file() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shimyard.preview", description=__doc__)
    parser.add_argument("--stack", required=True, metavar="NAME", help="stacks/Pulumi.NAME.yaml")
    parser.add_argument("--format", choices=["markdown", "json"], default="markdown")
    parser.add_argument(
        "--state",
        choices=list(_STATES),
        default="required",
        help="compare with the stack's state, with nothing, or (auto) with nothing if it has none "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--policy-pack",
        action="append",
        default=[],
        type=Path,
        metavar="FOLDER",
        help="check with this pack, and with its stacks/NAME.json if that is there; several times",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="instead of standard output")
    parser.add_argument(
        "--limit",
        type=int,
        default=COMMENT_LIMIT,
        help="most characters of Markdown (default: %(default)s)",
    )
    parser.add_argument(
        "--events",
        type=Path,
        metavar="FILE",
        help="an event log of the engine, instead of a preview of its own",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
