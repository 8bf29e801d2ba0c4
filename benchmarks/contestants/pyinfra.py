"""pyinfra: its own command, one `files.put` a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.contestants.base import Command, Contestant, Verdict
from benchmarks.contestants.tools import Tools
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.fleet import USER, Fleet
from benchmarks.state import ManagedFile


class Pyinfra(Contestant):
    """All hosts at once, which is its default, and no look at the folders above a file."""

    name = "pyinfra"
    means = "all hosts in parallel, --no-wait, create_remote_dir off, known hosts checked"

    def __init__(
        self, fleet: Fleet, files: Sequence[ManagedFile], folder: Path, tools: Tools
    ) -> None:
        super().__init__(fleet, files, folder)
        self._tools = tools

    def prepare(self) -> None:
        """An inventory and a deploy, in Python, as it wants them."""
        self.write_sources()
        data = {
            "ssh_user": USER,
            "ssh_key": str(self.fleet.key),
            "ssh_known_hosts_file": str(self.fleet.known_hosts),
            "ssh_strict_host_key_checking": "yes",
        }
        hosts = [(address, data) for address in self.fleet.addresses]
        (self.folder / "inventory.py").write_text(f"hosts = {hosts!r}\n")
        lines = [
            "from pyinfra import config",
            "from pyinfra.operations import files",
            "config.SUDO = True",
        ]
        for file in self.files:
            arguments = {
                "src": f"files/{file.name}",
                "dest": file.path,
                "mode": file.mode.lstrip("0"),
                "user": file.owner,
                "group": file.group,
                "create_remote_dir": False,
            }
            words = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
            lines.append(f"files.put({words})")
        (self.folder / "deploy.py").write_text("\n".join(lines) + "\n")

    def command(self) -> Command:
        """`pyinfra inventory.py deploy.py`, with its answer in JSON."""
        options = ("--yes", "--no-wait", "--json")
        argv = [str(self._tools.python), "-m", "pyinfra", *options, "inventory.py", "deploy.py"]
        return Command(argv, self.folder, self.environment())

    def verdict(self, output: str) -> Verdict:
        """From the results: a host was looked at if each of its operations ended well."""
        try:
            answer = json.JSONDecoder().raw_decode(output, output.index('{"plan"'))[0]
            operations = answer["results"]["operations"]
            changed = [frozenset(each["success"]) for each in operations]
            as_wanted = [frozenset(each["no_change"]) for each in operations]
        except (ValueError, KeyError, TypeError) as error:
            raise BenchmarkError(
                "pyinfra's answer has no results", mend="see what it printed", log=output
            ) from error
        looked = frozenset(self.fleet.addresses) if len(operations) == len(self.files) else set()
        for one, other in zip(changed, as_wanted, strict=True):
            looked &= one | other
        return Verdict(frozenset(looked), frozenset().union(*changed))
