"""`python -m lab`: real edge nodes on this machine, from the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from ipaddress import IPv4Network
from pathlib import Path

from lab import host
from lab.demo import ask_component
from lab.errors import LabError
from lab.instance import Lab
from lab.provision import prepare, provision
from lab.settings import DEFAULT_NAME, DEFAULT_NODES, DEFAULT_SUBNET
from lab.status import describe, facts
from toolchain.progress import Progress

CHECKOUT = Path(__file__).resolve().parent.parent


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 with one message on stderr."""
    options = _parser().parse_args(argv)
    try:
        return _run(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "lab: stopped; `python -m lab up` goes on, `python -m lab down` cleans", file=sys.stderr
        )
        return 130


def _run(options: argparse.Namespace) -> int:
    progress = Progress()
    if options.command not in {"prepare", "status"}:
        host.require_root()
    if options.command == "prepare":
        _install_missing(progress)
        prepare(progress)
        return 0
    lab = Lab(options.state, options.name, options.subnet, progress=progress)
    if options.command == "up":
        _up(lab, options, progress)
    elif options.command == "down":
        with progress.step("removing the lab"):
            lab.down()
    elif options.command == "status":
        found = facts(lab)
        print(json.dumps(found, indent=2) if options.json else describe(found))
    elif options.command == "demo":
        _demo(lab)
    elif options.command == "shell":
        command = lab.node(options.node).shell_command()
        os.execvp(command[0], command)  # noqa: S606
    elif options.command == "logs":
        node = lab.node(options.node)
        print("\n".join(node.sshd_log()) if options.ssh else node.journal(), end="\n")
    return 0


def _up(lab: Lab, options: argparse.Namespace, progress: Progress) -> None:
    if options.nodes is not None:
        lab.settings = lab.settings.with_nodes(options.nodes)
    _install_missing(progress)
    if not options.bare:
        provision(lab, progress)
    else:
        with progress.step(f"booting {lab.settings.nodes} nodes"):
            lab.up()
    print(describe(facts(lab)))


def _install_missing(progress: Progress) -> None:
    missing = host.missing_tools()
    if missing:
        with progress.step(f"installing {', '.join(sorted(set(missing.values())))}"):
            host.prepare()


def _demo(lab: Lab) -> None:
    answer = ask_component(lab)
    for pod, node in sorted(answer.pods.items()):
        print(f"pod {pod} on {node}")
    print(
        f"the greeter's Service at {answer.address} answers {answer.status}, "
        f"{answer.seconds * 1e3:.1f} ms a request:"
    )
    print(answer.body.rstrip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument(
        "--state", type=Path, default=CHECKOUT / ".lab", help="the folder of the lab (%(default)s)"
    )
    parser.add_argument("--name", default=DEFAULT_NAME, help="the bridge's name (%(default)s)")
    parser.add_argument(
        "--subnet", type=IPv4Network, default=DEFAULT_SUBNET, help="its network (%(default)s)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="install what is missing, build what is not cached")
    up = commands.add_parser("up", help="boot the nodes; build, serve and push what they need")
    up.add_argument("--nodes", type=int, help=f"how many (default {DEFAULT_NODES})")
    up.add_argument("--bare", action="store_true", help="nodes only: no artifacts, no registry")
    commands.add_parser("down", help="remove everything that the lab made")
    status = commands.add_parser("status", help="what runs, and how to reach it")
    status.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("demo", help="ask the WASI HTTP component in the cluster")
    shell = commands.add_parser("shell", help="a root shell in a node")
    shell.add_argument("node", metavar="NODE")
    logs = commands.add_parser("logs", help="a node's journal, or its console where it has none")
    logs.add_argument("node", metavar="NODE")
    logs.add_argument("--ssh", action="store_true", help="only what its sshd logged")
    return parser


if __name__ == "__main__":
    sys.exit(main())
