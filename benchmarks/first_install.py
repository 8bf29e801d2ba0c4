"""What a first install moves: on a real node, with a mirror and without one."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.contestants.stack import Stack
from benchmarks.errors import BenchmarkError
from benchmarks.place import lab_in
from benchmarks.tap import Tap
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.commands import attempt
from lab.instance import Lab
from lab.mirror.service import PORT, start_mirror
from shimyard.catalogue.sources import mirror_path
from toolchain import Toolchain

NAMES: Final = ("containerd", "runc", "cni-plugins", "containerd-shim-wasmtime")
_PROGRAM: Final = Path(__file__).with_name("install_program.py")
_SSH: Final = 22


def measure(pulumi: Toolchain, tell: Callable[[str], None]) -> dict[str, Any]:
    """Install a container runtime with one shim on two bare nodes, and count.

    The first fetches from the lab's mirror, the second gets all over SSH. Bytes are those that
    TCP carried, both ways: Ethernet, IP and TCP add 4 to 5 percent on any wire, for any protocol.
    Errors: ``BenchmarkError``, ``LabError``.
    """
    built = build_all(wanted=[each for each in recipes() if each.name in NAMES])
    found = [built.find(name) for name in NAMES]
    compressed = sum(each.path.stat().st_size for each in found)
    results: dict[str, Any] = {"artifacts": {each.name: each.version for each in found}}
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-", dir="/var/tmp") as name:
        folder = Path(name)
        with lab_in(folder, 2) as lab:
            start_mirror(lab.settings, built)
            lock = {"lockFiles": [str(lab.state.artifacts_lock)]}
            bundle = {**lock, "bundle": str(_bundle(lab, found, folder)), "airGap": True}
            for node, way, sources in (
                ("edge-1", "with a mirror", lock),
                ("edge-2", "streamed", bundle),
            ):
                tell(f"first install {way}")
                described = {"node": node_section(lab, node), "runtime": runtime_section(built),
                             "sources": sources}  # fmt: skip
                results[way] = _install(pulumi, folder / node, lab, described)
    return {**results, "compressed bytes": compressed}


def _install(
    pulumi: Toolchain, folder: Path, lab: Lab, described: Mapping[str, Any]
) -> dict[str, Any]:
    stack = Stack(pulumi, folder, _PROGRAM)
    (stack.folder / "install.json").write_text(json.dumps(described))
    command = stack.command("up", "--yes", "--skip-preview")
    began = time.perf_counter()
    with Tap(lab.settings.name, frozenset({_SSH, PORT})) as tap:
        done = attempt(command.argv, seconds=300, env=command.environment)
    if done.returncode != 0:
        raise BenchmarkError(
            "the first install failed", mend="see what Pulumi says", log=done.stdout
        )
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "controller sends": tap.sent.get(_SSH, 0),
        "node answers": tap.answered.get(_SSH, 0),
        "mirror": tap.sent.get(PORT, 0) + tap.answered.get(PORT, 0),
    }


def _bundle(lab: Lab, found: Sequence[Any], folder: Path) -> Path:
    locked = json.loads(lab.state.artifacts_lock.read_text())["artifacts"]
    urls = {(each["name"], each["version"]): each["url"] for each in locked}
    for each in found:
        link = folder / "bundle" / mirror_path(urls[each.name, each.version])
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(each.path)
    return folder / "bundle"


def node_section(lab: Lab, name: str) -> dict[str, Any]:
    """A lab's node as a stack names it."""
    return {
        "name": name,
        "address": str(lab.settings.address_of(name)),
        "ssh": {
            "user": "edge",
            "identityFile": str(lab.state.user_key),
            "knownHostsFile": str(lab.state.known_hosts),
        },
    }


def runtime_section(built: BuiltArtifacts) -> dict[str, Any]:
    """A container runtime with one shim, for a lab's node."""

    def version(name: str) -> dict[str, str]:
        return {"version": built.find(name).version}

    return {
        "containerd": {
            **version("containerd"),
            # What the lab's nodes need, being guests on one machine.
            "systemdCgroup": False,
            "oomScoreAdjust": None,
            "options": {
                "plugins": {"io.containerd.cri.v1.runtime": {"restrict_oom_score_adj": True}}
            },
        },
        "runc": version("runc"),
        "cniPlugins": version("cni-plugins"),
        "shims": [{"name": "wasmtime", **version("containerd-shim-wasmtime")}],
    }
