"""`python -m shimyard.catalogue`: lock, list, verify and bundle artifacts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from shimyard.catalogue import commands
from shimyard.catalogue.catalogue import BUILT_IN_LOCK
from shimyard.catalogue.signature import PUBLIC_FULCIO
from shimyard.errors import ShimyardError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 with a message on standard error if not."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ShimyardError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'file'}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shimyard.catalogue", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    _lock(subparsers.add_parser("lock", help="download, verify and lock one version"))
    _list(subparsers.add_parser("list", help="print what is locked"))
    _verify(subparsers.add_parser("verify", help="download again and compare with the lock"))
    _bundle(subparsers.add_parser("bundle", help="fetch all that a stack needs into a folder"))
    return parser


def _lock(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=commands.lock)
    parser.add_argument("name", help="containerd, runc, containerd-shim-wasmtime, ...")
    parser.add_argument("version", help="for example 2.2.1")
    parser.add_argument("--arch", choices=["amd64", "arm64", "both"], default="both")
    parser.add_argument("--lock", type=Path, default=BUILT_IN_LOCK, metavar="FILE")
    parser.add_argument("--url", help="address of the file, if not the vendor's usual one")
    parser.add_argument(
        "--file",
        action="append",
        type=_member_and_name,
        metavar="MEMBER=NAME",
        help="install this member (a regular expression) of the archive as NAME",
    )
    parser.add_argument("--sha256", type=_sha256, metavar="HEX", help="its digest from elsewhere")
    parser.add_argument("--checksum-source", metavar="TEXT", help="where --sha256 was read")
    parser.add_argument("--trust-download", action="store_true", help="lock unvouched bytes")
    parser.add_argument("--replace", action="store_true", help="accept that a release changed")
    parser.add_argument("--mirror", metavar="URL", help="download from this mirror")
    parser.add_argument(
        "--authority", type=Path, default=PUBLIC_FULCIO, metavar="PEM", help="another Fulcio"
    )


def _list(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=commands.show)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--lock", type=Path, action="append", default=[], metavar="FILE")


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=commands.verify)
    parser.add_argument("name", nargs="?")
    parser.add_argument("version", nargs="?")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="only the entries of this file")
    parser.add_argument("--mirror", metavar="URL", help="download from this mirror")


def _bundle(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=commands.make_bundle)
    parser.add_argument("--stack", type=Path, required=True, metavar="FILE")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--mirror", metavar="URL", help="download from this mirror only")
    parser.add_argument("--project", type=Path, metavar="DIR", help="where lock files start from")


def _member_and_name(text: str) -> tuple[str, str]:
    member, separator, name = text.rpartition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError("write it as MEMBER=NAME")
    return member, name


def _sha256(text: str) -> str:
    if len(text) != 64 or any(character not in "0123456789abcdefABCDEF" for character in text):
        raise argparse.ArgumentTypeError("write 64 hexadecimal digits")
    return text.lower()


if __name__ == "__main__":
    sys.exit(main())
