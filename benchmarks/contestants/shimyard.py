"""Shimyard through Pulumi's own command line: a refresh, and an `up` that has nothing to do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Final

from benchmarks.contestants.base import Command, Contestant, Verdict
from benchmarks.contestants.stack import Stack
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.fleet import USER, Fleet
from benchmarks.state import ManagedFile
from lab.commands import attempt
from toolchain import Toolchain

_PROGRAM: Final = Path(__file__).with_name("program.py")
_DRIFT: Final = re.compile(r"(?P<node>host-\d+): drift: ")
_COUNT: Final = re.compile(r"^\s+(?P<count>\d+) unchanged$", re.MULTILINE)
# As many at once as the engine allows by default, but never fewer than hosts.
_PARALLEL: Final = 128


def described(fleet: Fleet, files: Sequence[ManagedFile]) -> dict[str, Any]:
    """The hosts as nodes of a stack, and their files."""
    ssh = {"user": USER, "identityFile": str(fleet.key), "hostKey": fleet.host_key}
    return {
        "nodes": [
            {"name": name, "address": address, "ssh": ssh}
            for name, address in zip(fleet.names, fleet.addresses, strict=True)
        ],
        "files": [
            {key: value for key, value in asdict(file).items() if key != "name"} for file in files
        ],
    }


class _Shimyard(Contestant):
    """One stack with a `NodeFiles` a host; what is measured runs in the controller's network."""

    arguments: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        fleet: Fleet,
        files: Sequence[ManagedFile],
        folder: Path,
        tools: Toolchain,
    ) -> None:
        super().__init__(fleet, files, folder)
        self._tools = tools

    def prepare(self) -> None:
        """The first `pulumi up`: it finds every host converged, and records that."""
        self.stack = Stack(self._tools, self.folder, _PROGRAM)
        (self.stack.folder / "hosts.json").write_text(json.dumps(described(self.fleet, self.files)))
        first = self.stack.command("up", "--yes", "--skip-preview", f"--parallel={_PARALLEL}")
        argv = self.fleet.controller_command(first.argv)
        done = attempt(argv, seconds=300, env=first.environment)
        if done.returncode != 0:
            raise BenchmarkError(
                "the stack can't be made", mend="see what Pulumi says", log=done.stdout
            )

    def command(self) -> Command:
        """Without a question, and without a preview before it."""
        options = ("--yes", "--skip-preview", f"--parallel={_PARALLEL}")
        return self.stack.command(*self.arguments, *options)

    def verdict(self, output: str) -> Verdict:
        """Each drifted node is named; the rest is counted."""
        names = dict(zip(self.fleet.names, self.fleet.addresses, strict=True))
        changed = frozenset(names[each["node"]] for each in _DRIFT.finditer(output))
        counted = _COUNT.search(output)
        if counted is None and not changed:
            raise BenchmarkError(
                "Pulumi counts no resources", mend="see what it printed", log=output
            )
        # The stack itself is a resource, too.
        unchanged = int(counted["count"]) - 1 if counted is not None else 0
        if unchanged + len(changed) != self.fleet.count:
            return Verdict(changed, changed)
        return Verdict(frozenset(names.values()), changed)


class Refresh(_Shimyard):
    """`pulumi refresh`. What it finds is taken back by `pulumi up`, which needs systemd there."""

    name = "Shimyard refresh"
    means = "pulumi refresh, one NodeFiles a host, --parallel 128"
    repairs = False
    arguments = ("refresh",)


class Up(_Shimyard):
    """`pulumi up` with nothing to do; it asks no machine."""

    name = "Shimyard up"
    means = "pulumi up, nothing changed, --parallel 128"
    repairs = False
    looks = False
    checks = False
    arguments = ("up",)
