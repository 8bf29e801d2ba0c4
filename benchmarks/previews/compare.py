"""Preview of about 100 resources, beside as many, as deep, from a provider that does nothing."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.cgroup import Cgroup
from benchmarks.contestants.base import Command
from benchmarks.contestants.stack import Stack
from benchmarks.errors import BenchmarkError
from benchmarks.state import state
from shimyard.catalogue.catalogue import BUILT_IN_LOCK
from shimyard.catalogue.lockfile import read_lock
from toolchain import Toolchain

_FOLDER: Final = Path(__file__).parent
_STACK_TYPE: Final = "pulumi:pulumi:Stack"
# What the program gives; the rest of the inputs comes from the provider's check.
_GIVEN: Final = frozenset({"node", "name", "files", "runtime", "sources"})
_COMPUTED: Final = {"shimyard-edge:node:ContainerRuntime": frozenset({"files"})}
# No machine has this address; a preview asks none.
_NODE: Final = {
    "ssh": {"user": "edge", "identityFile": "/none", "hostKey": "ssh-ed25519 AAAA"},
}


@dataclass(frozen=True)
class Shape:
    """A program's resources: so many machines, with files alone or with a runtime as well."""

    name: str
    machines: int
    runtime: bool


SHAPES: Final = (Shape("100 NodeFiles", 100, False), Shape("33 EdgeNodes", 33, True))


def measure(pulumi: Toolchain, rounds: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Seconds and processor seconds of each preview, ours and the bare one in turn.

    Errors: ``BenchmarkError``.
    """
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-") as name:
        for shape in SHAPES:
            folder = Path(name) / shape.name.replace(" ", "-")
            ours = Stack(pulumi, folder / "ours", _FOLDER / "program.py")
            (ours.folder / "nodes.json").write_text(json.dumps(_described(shape)))
            rows = _rows(ours)
            bare = Stack(
                pulumi, folder / "bare", _FOLDER / "bare_program.py",
                plugin="nothing", provider=_FOLDER,
            )  # fmt: skip
            (bare.folder / "resources.json").write_text(json.dumps(rows))
            samples: dict[str, list[dict[str, float]]] = {"shimyard": [], "bare engine": []}
            for number in range(rounds):
                for who, stack in (("shimyard", ours), ("bare engine", bare)):
                    samples[who].append(_preview(stack.command("preview"), len(rows)))
                    seconds = samples[who][-1]["seconds"]
                    tell(f"preview of {shape.name}, round {number + 1}, {who}: {seconds:.2f} s")
            results[shape.name] = {"resources": len(rows), "samples": samples}
    return results


def _described(shape: Shape) -> dict[str, Any]:
    nodes = [
        {"name": f"host-{number}", "address": f"10.233.1.{number}", **_NODE}
        for number in range(1, shape.machines + 1)
    ]
    files = [asdict(file) for file in state(10)]
    return {"nodes": nodes, "files": files, "runtime": _runtime() if shape.runtime else None,
            "sources": {}}  # fmt: skip


def _runtime() -> Mapping[str, Any]:
    """The versions that the built-in lock has."""
    locked = {each.name: {"version": each.version} for each in read_lock(BUILT_IN_LOCK)}
    return {
        "containerd": locked["containerd"],
        "runc": locked["runc"],
        "cniPlugins": locked["cni-plugins"],
    }


def _rows(stack: Stack) -> list[tuple[bool, str, int | None, dict[str, Any]]]:
    """What the program gives to the engine, from a preview's own account."""
    command = stack.command("preview", "--json", "--show-sames")
    done = _run(command.argv, command)
    urns: dict[str, int] = {}
    rows: list[tuple[bool, str, int | None, dict[str, Any]]] = []
    for step in json.loads(done.stdout)["steps"]:
        new = step["newState"]
        if new["type"] == _STACK_TYPE:
            continue
        given = _GIVEN - _COMPUTED.get(new["type"], frozenset())
        inputs = {key: value for key, value in new.get("inputs", {}).items() if key in given}
        urns[new["urn"]] = len(rows)
        name = f"{new['urn'].rpartition('::')[2]}-{len(rows)}"
        rows.append((not new["custom"], name, urns.get(new.get("parent", "")), inputs))
    return rows


def _preview(command: Command, resources: int) -> dict[str, float]:
    cgroup = Cgroup("contestant")
    before = cgroup.cpu_seconds()
    began = time.perf_counter()
    done = _run(cgroup.wrapped(command.argv), command)
    seconds = time.perf_counter() - began
    # The stack itself is a resource, too.
    if f"{resources + 1} to create" not in done.stdout:
        raise BenchmarkError(
            f"the preview does not create {resources} resources",
            mend="see what Pulumi says",
            log=done.stdout,
        )
    spent = cgroup.cpu_seconds() - before
    return {"seconds": round(seconds, 3), "cpu": round(spent, 3)}


def _run(argv: Any, command: Command) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(argv),
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkError(
            "the preview failed", mend="see what Pulumi says", log=done.stdout + done.stderr
        )
    return done
