"""`python -m shimyard.node`: what an administrator puts on a machine so that sudo stays narrow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from shimyard.node.privileges import grant, sudoers
from shimyard.settings.nodes import User

_USER: TypeAdapter[str] = TypeAdapter(User)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for; exit code 2 for a user name that is none."""
    options = _parser().parse_args(arguments)
    print(options.text(options.user), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shimyard.node", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text, purpose in (
        ("sudoers", sudoers, "print the sudoers file that allows USER what Shimyard needs"),
        ("grant", grant, "print a script for root that installs it and the node's program"),
    ):
        command = commands.add_parser(name, help=purpose)
        command.set_defaults(text=text)
        command.add_argument(
            "user", type=_user, metavar="USER", help="who logs in: nodes[].ssh.user"
        )
    return parser


def _user(text: str) -> str:
    try:
        return _USER.validate_python(text)
    except ValidationError:
        raise argparse.ArgumentTypeError("is not a login name") from None


if __name__ == "__main__":
    sys.exit(main())
