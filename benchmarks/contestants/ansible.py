"""ansible-core with its own ways, and with Mitogen's: one `copy` a file."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from benchmarks.contestants.base import Command, Contestant, Verdict
from benchmarks.contestants.tools import Tools
from benchmarks.errors import BenchmarkError
from benchmarks.hosts.fleet import USER, Fleet
from benchmarks.state import ManagedFile

_MOST_FORKS: Final = 50
_RECAP: Final = re.compile(
    r"^(?P<host>\S+)\s*: ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+)"
    r"\s+unreachable=(?P<lost>\d+)\s+failed=(?P<failed>\d+)",
    re.MULTILINE,
)
_CONFIG: Final = """\
[defaults]
inventory = hosts.ini
remote_user = {user}
private_key_file = {key}
forks = {forks}
timeout = 60
gathering = explicit
interpreter_python = /usr/bin/python3
strategy = {strategy}
strategy_plugins = {plugins}
display_ok_hosts = no
deprecation_warnings = no
[ssh_connection]
pipelining = True
control_path_dir = {folder}/control
ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile={known} \
-o IdentitiesOnly=yes
"""


class Ansible(Contestant):
    """No fact gathering, a known interpreter, no barrier between tasks."""

    name = "ansible-core"
    means = (
        "pipelining, ControlPersist, strategy free, forks = hosts (5 to 50), no fact gathering, "
        "interpreter given"
    )
    strategy: ClassVar[str] = "free"

    def __init__(
        self, fleet: Fleet, files: Sequence[ManagedFile], folder: Path, tools: Tools
    ) -> None:
        super().__init__(fleet, files, folder)
        self._tools = tools

    def prepare(self) -> None:
        """An inventory, a playbook (JSON is YAML) and a configuration."""
        self.write_sources()
        hosts = "".join(f"{address}\n" for address in self.fleet.addresses)
        (self.folder / "hosts.ini").write_text(f"[all]\n{hosts}")
        tasks = [
            {
                "ansible.builtin.copy": {
                    "src": f"files/{file.name}",
                    "dest": file.path,
                    "mode": file.mode,
                    "owner": file.owner,
                    "group": file.group,
                }
            }
            for file in self.files
        ]
        play = {"hosts": "all", "gather_facts": False, "become": True, "tasks": tasks}
        (self.folder / "state.yml").write_text(json.dumps([play], indent=1))
        (self.folder / "ansible.cfg").write_text(
            _CONFIG.format(
                user=USER,
                key=self.fleet.key,
                forks=min(max(5, self.fleet.count), _MOST_FORKS),
                strategy=self.strategy,
                plugins=self._tools.packages / "ansible_mitogen/plugins/strategy",
                folder=self.folder,
                known=self.fleet.known_hosts,
            )
        )

    def command(self) -> Command:
        """`ansible-playbook state.yml`."""
        argv = [str(self._tools.python), "-m", "ansible", "playbook", "state.yml"]
        configured = {"ANSIBLE_CONFIG": str(self.folder / "ansible.cfg")}
        return Command(argv, self.folder, {**self.environment(), **configured})

    def verdict(self, output: str) -> Verdict:
        """From the recap: a host was looked at if all of its tasks ended well."""
        found = list(_RECAP.finditer(output))
        if not found:
            raise BenchmarkError(
                "Ansible's answer has no recap", mend="see what it printed", log=output
            )
        well = [
            each for each in found if int(each["ok"]) == len(self.files)
            and int(each["lost"]) == int(each["failed"]) == 0
        ]  # fmt: skip
        return Verdict(
            frozenset(each["host"] for each in well),
            frozenset(each["host"] for each in found if int(each["changed"])),
        )


class Mitogen(Ansible):
    """The same playbook and configuration, through Mitogen's strategy."""

    name = "ansible-core + Mitogen"
    means = "as ansible-core, strategy mitogen_free"
    strategy = "mitogen_free"
