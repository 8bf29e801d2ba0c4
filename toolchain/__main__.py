"""``python -m toolchain ensure|env|shell|run``: a working Pulumi on any machine."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from toolchain.errors import ToolchainError
from toolchain.installation import LAB_STACK, Toolchain, shell_exports
from toolchain.kubernetes.selection import ensure_kubernetes
from toolchain.lab_stack import prepare_lab_stack
from toolchain.selection import ensure

CHECKOUT = Path(__file__).resolve().parent.parent
EPILOG = """\
ensure            get Pulumi and the Kubernetes provider ready, print which one and where
env               print exports for a shell: eval "$(python -m toolchain env --stack lab)"
shell             open $SHELL with them
run -- CMD ...    run one command with them
The lab stack keeps its state in .lab/pulumi; others use the backend you are logged in to.
--no-kubernetes goes without the Kubernetes provider, for programs with machines only.
Variables: SHIMYARD_TOOLCHAIN=path|download|build, SHIMYARD_PULUMI_MIRROR,
SHIMYARD_PULUMI_SHA256, SHIMYARD_KUBERNETES_PLUGIN_MIRROR, SHIMYARD_KUBERNETES_PLUGIN_SHA256,
SHIMYARD_CACHE.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        toolchain = ensure()
        if options.kubernetes:
            toolchain = toolchain.with_kubernetes(ensure_kubernetes())
        if options.command == "ensure":
            print(toolchain.pulumi)
            return 0
        if options.stack == LAB_STACK:
            prepare_lab_stack(toolchain, CHECKOUT)
        if options.command == "env":
            print(shell_exports(toolchain.env(options.stack, CHECKOUT)))
            return 0
        if options.command == "shell":
            return _execute([os.environ.get("SHELL", "/bin/sh")], toolchain, options.stack)
        return _execute(options.argv, toolchain, options.stack)
    except ToolchainError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m toolchain",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_kubernetes(commands.add_parser("ensure", help="get Pulumi ready"))
    for name, text in (
        ("env", "print shell exports"),
        ("shell", "open a shell"),
        ("run", "run a command"),
    ):
        command = commands.add_parser(name, help=text)
        _add_kubernetes(command)
        command.add_argument("--stack", default=LAB_STACK, help="default: %(default)s")
        if name == "run":
            command.add_argument("argv", nargs="+", metavar="CMD", help="after --")
    return parser


def _add_kubernetes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--kubernetes",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="with the Kubernetes provider (default: %(default)s)",
    )


def _execute(argv: list[str], toolchain: Toolchain, stack: str) -> int:
    environment = {**os.environ, **toolchain.env(stack, CHECKOUT)}
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606
    except OSError as cause:
        print(f"toolchain: cannot run {argv[0]}: {cause.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main())
