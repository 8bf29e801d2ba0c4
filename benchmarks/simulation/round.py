"""One round of one size: a new stack over bare machines, four commands, each one's end checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants.stack import STACK, Stack
from benchmarks.errors import BenchmarkError
from benchmarks.simulation import description
from benchmarks.simulation.fleet import SimulatedFleet
from benchmarks.simulation.measured import Sample, measured
from shimyard.node.container_runtime import RESOURCE as RUNTIME
from shimyard.node.k3s import RESOURCES as K3S
from toolchain import Toolchain

PREVIEW: Final = "preview"
FIRST_UP: Final = "first up"
NO_OP_UP: Final = "no-op up"
REFRESH: Final = "refresh"
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    PREVIEW: ("preview",),
    FIRST_UP: ("up", "--yes", "--skip-preview"),
    NO_OP_UP: ("up", "--yes", "--skip-preview"),
    REFRESH: ("refresh", "--yes", "--skip-preview"),
}
# The engine writes the state once, at the end of a command.
AT_THE_END: Final = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
_PROGRAM: Final = Path(__file__).with_name("program.py")
_DRIFT: Final = re.compile(r"(?P<node>node-\d+): drift: ")
_FILES: Final = "files-site"
_OTHER: Final = "0" * 64


@dataclass(frozen=True)
class Round:
    """``samples``: command -> what it took. ``state``: bytes of the stack's state at the end."""

    samples: Mapping[str, Sample]
    state: int


class Rounds:
    """Runs the commands against the first ``count`` machines of a fleet.

    ``at_the_end``: the engine writes its state only at the end of each command.
    """

    def __init__(
        self,
        fleet: SimulatedFleet,
        count: int,
        pulumi: Toolchain,
        *,
        at_the_end: bool,
        tell: Callable[[str], None],
    ) -> None:
        self.count = count
        self._fleet = fleet
        self._pulumi = pulumi
        self._variables = AT_THE_END if at_the_end else {}
        self._tell = tell

    def run(
        self, folder: Path, *, only: Sequence[str] = tuple(COMMANDS), prove: bool = False
    ) -> Round:
        """A round in a folder that is not there yet. ``prove``: also find a drifted file, untimed.

        Raises ``BenchmarkError``.
        """
        self._fleet.ask("bare")
        stack = self._stack(folder)
        samples = {name: self._measured(stack, name) for name in only}
        if prove:
            self._find_drift(stack)
        state = stack.folder.parent / "state/.pulumi/stacks/benchmark" / f"{STACK}.json"
        return Round(samples, state.stat().st_size)

    def _stack(self, folder: Path) -> Stack:
        stack = Stack(self._pulumi, folder, _PROGRAM, variables=self._variables)
        config = json.dumps(description.described(self._fleet, self.count))
        with (stack.folder / f"Pulumi.{STACK}.yaml").open("a") as file:
            file.write(f"config: {config}\n")
        return stack

    def _measured(self, stack: Stack, name: str) -> Sample:
        self._fleet.ask("reset")
        sample, output = measured(stack.command(*COMMANDS[name]), self._fleet)
        seen = self._fleet.ask("look")
        self._check(name, output, seen)
        sample = replace(sample, connections=seen["connections"])
        a_node = sample.cpu / self.count
        self._tell(
            f"{self.count} nodes, {name}: {sample.seconds:.1f} s, {a_node:.3f} s of processor a "
            f"node, {sample.memory / 1e6:.0f} MB"
        )
        return sample

    def _check(self, name: str, output: str, seen: Mapping[str, Any]) -> None:
        """What Pulumi says, who was asked, and how the machines are."""
        resources = description.A_NODE * self.count + description.A_STACK
        words = {
            PREVIEW: f"+ {resources} to create",
            FIRST_UP: f"+ {resources} created",
            NO_OP_UP: f"{resources} unchanged",
            # Components are not asked for.
            REFRESH: "unchanged",
        }[name]
        _demand(f"{name} of {self.count} nodes says '{words}'", words in output, output)
        _demand("each command is answered", not seen["unanswered"], str(seen["unanswered"]))
        asked = self.count if name in {FIRST_UP, REFRESH} else 0
        _demand(f"{name} asks {asked} machines, not {seen['machines']}", seen["machines"] == asked)
        if name != PREVIEW:
            self._check_machines(seen)
        _demand(f"{name} finds no drift", _DRIFT.search(output) is None, output)

    def _check_machines(self, seen: Mapping[str, Any]) -> None:
        for number, name in enumerate(description.names(self.count), start=1):
            k3s = K3S["server" if number == 1 else "agent"]
            wanted = sorted([RUNTIME, _FILES, k3s])
            _demand(f"{name} has {wanted}", seen["resources"][str(number)] == wanted)
            digests = seen["digests"][str(number)]
            _demand(f"{name} has its files", digests.items() >= self._digests(name).items())
        for name, labels in description.labels(self.count).items():
            has = seen["labels"].get(name, {})
            _demand(f"{name} has its labels in the cluster", has.items() >= labels.items())

    def _digests(self, name: str) -> dict[str, str]:
        return description.file_digests(name)

    def _find_drift(self, stack: Stack) -> None:
        """A refresh names the one machine on which a file has changed, and no other."""
        path, last = description.OWN_FILE, description.names(self.count)[-1]
        for digest, expected in ((_OTHER, {last}), (self._digests(last)[path], set[str]())):
            self._fleet.ask("drift", str(self.count), path, digest)
            _, output = measured(stack.command(*COMMANDS[REFRESH]), self._fleet)
            found = {each["node"] for each in _DRIFT.finditer(output)}
            _demand(f"a refresh finds drift on {expected or 'no node'}", found == expected, output)


def _demand(what: str, fulfilled: bool, log: str = "") -> None:
    if not fulfilled:
        raise BenchmarkError(
            f"it should have been seen that {what}",
            mend="the numbers would mean nothing; see benchmarks/simulation",
            log=log,
        )
