"""kill -9 of pulumi, and of the provider, while machines stand at every step of a transaction.

One run works on many machines, and each is held at another point. One kill then covers them all.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.instance import Lab
from lab.mirror.service import mirror_url, start_mirror
from lab.nodes.node import Node
from shimyard.catalogue.sources import mirror_path
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import NodeError
from shimyard.node.paths import ROOT
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import kill_at, leave_orphan, leftovers, look
from tests.engine.program.project import Project
from tests.engine.program.running import provider_of, upping
from tests.faults.fleet import (
    connection,
    machines_project,
    order,
    with_runtime,
)
from tests.faults.holds import forget, hold_at, release, wait_held
from tests.faults.tally import Killer, Tally
from tests.lab.conftest import Place
from toolchain import Toolchain

pytestmark = pytest.mark.lab

HOSTS = "/etc/containerd/certs.d/registry.lab/hosts.toml"
# Where machines are held while they get a container runtime ...
INSTALL = (
    "verb fetch", "verb accept", "store", "prepare dir", "prepare data", "prepare link",
    "prepare containerd-config", "prepare adopt", "switch link", "switch enable", "switch reload",
    "switch restart", "switch canary",
)  # fmt: skip
# ... a file of it that nothing restarts for ...
MIRROR = (
    "verb receive", "verb launch", "verb apply", "verb recover", "begin", "prepare expect",
    "prepare file", "switch file", "commit", "finish current", "finish originals", "finish made",
    "finish result",
)  # fmt: skip
# ... no such file any more ...
NO_MIRROR = (
    "restore canaries", "restore paths", "restore services", "restore folders", "verb facts",
    "verb discard", "verb retake", "prepare remove", "switch remove", "switch rmdir",
    "switch keep-canary", "switch end-orphans",
)  # fmt: skip
# ... and while they lose it all.
DESTROY = (
    "switch empty", "switch stop", "switch disable", "switch release", "switch rmdata",
    "verb purge",
)  # fmt: skip

UNIT = "containerd.service"
Holds = Mapping[str, Node]
# A small machine boots no more of them in time.
_AT_ONCE = 6


@pytest.fixture(scope="module")
def fleet(place: Callable[[int], Place], built: BuiltArtifacts) -> Iterator[Lab]:
    """A machine for each point of the longest act, and a mirror."""
    wanted, where = max(len(act) for act in (INSTALL, MIRROR, NO_MIRROR, DESTROY)), place(3)
    for booted in range(_AT_ONCE, wanted + _AT_ONCE, _AT_ONCE):
        lab = where.lab(min(booted, wanted))
        lab.up()
    start_mirror(lab.settings, built)
    yield lab
    lab.down()


@pytest.fixture(scope="module")
def artifacts(
    fleet: Lab, built: BuiltArtifacts, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """containerd comes from the mirror; runc is streamed by the controller."""
    bundle = tmp_path_factory.mktemp("bundle")
    runc = built.find("runc")
    path = bundle / mirror_path(f"{mirror_url(fleet.settings)}/{runc.url_path}")
    path.parent.mkdir(parents=True)
    path.symlink_to(runc.path)
    return {"lockFiles": [str(fleet.state.artifacts_lock)], "bundle": str(bundle)}


def claim_data(node: Node) -> None:
    """A stand-in: the lab's nodes have this folder from the beginning, so it would never go."""
    with (node.root / ROOT.lstrip("/") / "made").open("a") as made:
        made.write("data\t/var/lib/containerd\n")


def shrink_staging(node: Node) -> None:
    """What is sent to the node does not fit there: it is going to be discarded."""
    options = "size=64k,nr_inodes=3,mode=0700"
    node.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", f"{ROOT}/staging"])


def cut_off(lab: Lab, node: Node) -> None:
    """Leave a change of another resource on the node that waits for its recovery."""
    session = Session.open(NodeSettings.model_validate(connection(lab, node)), Path("/"))
    kill_at(node, "prepare file /etc/trial", "verb recover")
    with pytest.raises(NodeError):
        converge(session, DesiredState("trial", files=(File.of("/etc/trial", "1\n"),)))
    session.close()


class Cutter:
    """Runs one command of the engine into a kill, and the next one to its end."""

    def __init__(self, project: Project, killer: Killer, tally: Tally) -> None:
        self.project = project
        self.killer = killer
        self.tally = tally

    def cut(self, holds: Holds, command: str, mend: Callable[[], object] = lambda: None) -> None:
        """Kill ``command`` while each node stands at its point; ``mend``, and run it again."""
        for point, node in holds.items():
            hold_at(node, point)
        try:
            with upping(self.project, command, "--yes", "--skip-preview", "--parallel=64") as run:
                provider = provider_of(run)
                wait_held(*holds.values(), seconds=180)
                began = time.monotonic()
                os.kill(run.pid if self.killer == "pulumi" else provider, signal.SIGKILL)
                output, _ = run.communicate(timeout=60)
                wait_for("the provider's end", lambda: alive(provider), seconds=20)
                seconds = time.monotonic() - began
        finally:
            for node in holds.values():
                release(node)
        assert run.returncode != 0
        assert "Traceback" not in output
        kills = [self.tally.kill(self.killer, point) for point in holds]
        mend()
        if self.killer == "pulumi":
            self.project.pulumi("cancel", "--yes")
        with self.tally.wait(f"the next {command} of {len(holds)} machines"):
            self.project.pulumi(command, "--yes", "--skip-preview", "--parallel=64")
        for kill in kills:
            kill.seconds = seconds
        for node in holds.values():
            assert leftovers(node) == [], node.name
        if command == "up":
            self.unchanged()
        for kill in kills:
            kill.converged = True

    def unchanged(self) -> None:
        """The machines are as the state says."""
        told = self.project.refresh("--parallel=64").output
        assert "drift" not in told
        assert f"{len(self.project.config['machines']) + 1} unchanged" in told


def alive(process: int) -> str | None:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    return None if state == "Z" else "it lives"


def at_once(work: Callable[[Node], object], nodes: list[Node]) -> dict[str, Any]:
    """The results of all nodes, by their names."""
    with ThreadPoolExecutor(4) as pool:
        return {node.name: done for node, done in zip(nodes, pool.map(work, nodes), strict=True)}


@pytest.mark.parametrize("killer", ["pulumi", "provider"])
def test_killed_at_any_step_the_node_ends_it_by_itself_and_the_next_run_converges(
    tools: Toolchain,
    fleet: Lab,
    built: BuiltArtifacts,
    artifacts: dict[str, Any],
    tmp_path: Path,
    *,
    tally: Tally,
    killer: Killer,
) -> None:
    nodes = fleet.nodes
    version = built.find("containerd").version
    before = at_once(lambda node: look(node, UNIT), nodes)
    project = machines_project(tools, tmp_path)
    cutter = Cutter(project, killer, tally)

    def wanted(*mirrors: str) -> None:
        machines = [with_runtime(fleet, node, version, *mirrors) for node in nodes]
        order(project, machines, artifacts)

    wanted()
    cutter.cut(dict(zip(INSTALL, nodes, strict=False)), "up")
    wanted("http://mirror.lab")
    cutter.cut(dict(zip(MIRROR, nodes, strict=False)), "up")
    holds = dict(zip(NO_MIRROR, nodes, strict=False))
    for point in (each for each in holds if each.startswith("restore")):
        kill_at(holds[point], f"switch remove {HOSTS}")
    bereaved = holds["switch end-orphans"]
    leave_orphan(bereaved)
    cut_off(fleet, holds["verb retake"])
    full = holds["verb discard"]
    shrink_staging(full)
    wanted()
    cutter.cut(holds, "up", mend=lambda: full.run(["umount", f"{ROOT}/staging"]))
    holds = dict(zip(DESTROY, nodes, strict=False))
    claim_data(holds["switch rmdata"])
    cutter.cut(holds, "destroy")
    bereaved.run(["rm", "/opt/containerd-shim-stand-in-v1"])
    after = at_once(lambda node: look(node, UNIT), nodes)
    assert [line for name in before for line in before[name].changes(after[name])] == []
    for node in nodes:
        forget(node)
        assert not Path(node.root, ROOT.lstrip("/")).exists(), node.name
