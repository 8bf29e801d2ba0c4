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
from tests.engine.node.states import kill_at, leftovers, look
from tests.engine.program.project import Project
from tests.engine.program.running import provider_of, upping
from tests.faults.fleet import (
    Machine,
    connection,
    machines_project,
    order,
    with_files,
    with_runtime,
)
from tests.faults.holds import forget, hold_at, release, wait_held
from tests.faults.tally import Killer, Tally
from tests.lab.conftest import Place
from toolchain import Toolchain

pytestmark = pytest.mark.lab

SITE = "/etc/site/a.json"
GONE = "/etc/site/more/b.json"
# Where machines are held while they get files for the first time ...
FILES = (
    "verb receive", "verb launch", "verb apply", "verb recover", "begin", "prepare expect",
    "prepare file", "switch file", "commit", "finish current", "finish originals", "finish made",
    "finish result", "restore canaries", "restore paths", "restore services", "restore folders",
)  # fmt: skip
# ... a container runtime ...
RUNTIME = (
    "verb fetch", "verb accept", "store", "prepare dir", "prepare data", "prepare link",
    "prepare containerd-config", "prepare adopt", "switch link", "switch enable", "switch reload",
    "switch restart", "switch canary",
)  # fmt: skip
# ... other files, fewer, or a runtime with another mirror ...
OTHER_FILES = (
    "verb facts", "verb discard", "verb retake", "prepare remove", "switch remove", "switch rmdir",
)  # fmt: skip
OTHER_RUNTIME = ("switch keep-canary",)
# ... and while they lose them.
NO_FILES = ("verb purge",)
NO_RUNTIME = ("switch empty", "switch stop", "switch disable", "switch release", "switch rmdata")

Holds = Mapping[str, Node]
# A small machine boots no more of them in time.
_AT_ONCE = 6


@pytest.fixture(scope="module")
def fleet(place: Callable[[int], Place], built: BuiltArtifacts) -> Iterator[Lab]:
    """A machine for each point of the longest act, and a mirror."""
    wanted, where = len(FILES) + len(RUNTIME), place(3)
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


def shrink_staging(node: Node) -> None:
    """What is sent to the node does not fit there: it is going to be discarded."""
    node.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", f"{ROOT}/staging"])


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
                wait_held(*holds.values(), seconds=90)
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
    plain, runtimes = nodes[: len(FILES)], nodes[len(FILES) :]
    version = built.find("containerd").version
    before = at_once(lambda node: look(node, "containerd.service"), nodes)
    project = machines_project(tools, tmp_path)
    cutter = Cutter(project, killer, tally)

    def machines(files: Mapping[str, str], *mirrors: str) -> list[Machine]:
        return [
            *(with_files(fleet, node, files) for node in plain),
            *(with_runtime(fleet, node, version, *mirrors) for node in runtimes),
        ]

    holds = dict(zip((*FILES, *RUNTIME), nodes, strict=True))
    for point, node in holds.items():
        if point.startswith("restore"):
            kill_at(node, f"switch file {SITE}")
    first = machines({SITE: "1\n", GONE: "1\n"})
    order(project, first, artifacts)
    cutter.cut(holds, "up")

    holds = dict(zip(OTHER_FILES, plain, strict=False)) | dict(
        zip(OTHER_RUNTIME, runtimes, strict=False)
    )
    second = machines({SITE: "2" * 200_000}, "http://other.lab")
    touched = {node.name for node in holds.values()}
    order(
        project,
        [
            new if new["node"]["name"] in touched else old
            for old, new in zip(first, second, strict=True)
        ],
        artifacts,
    )
    cut_off(fleet, holds["verb retake"])
    full = holds["verb discard"]
    shrink_staging(full)
    cutter.cut(holds, "up", mend=lambda: full.run(["umount", f"{ROOT}/staging"]))

    holds = dict(zip(NO_FILES, plain, strict=False)) | dict(zip(NO_RUNTIME, runtimes, strict=False))
    cutter.cut(holds, "destroy")
    after = at_once(lambda node: look(node, "containerd.service"), nodes)
    assert [line for name in before for line in before[name].changes(after[name])] == []
    for node in nodes:
        forget(node)
        assert not Path(node.root, ROOT.lstrip("/")).exists(), node.name
