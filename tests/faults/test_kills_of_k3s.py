"""kill -9 of the node's shell, of the provider and of pulumi at every step that a cluster adds.

One cluster lives through all of it: after each kill the next `pulumi up` converges, no node stays
cordoned, and nothing has drifted.
"""

from __future__ import annotations

import hashlib
import os
import signal
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import toolchain
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.builds.recipe import BuiltArtifact
from lab.deadline import wait_for
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.mirror.service import start_mirror
from lab.nodes.node import Node
from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examined, Silence
from shimyard.doctor.rounds import examine
from shimyard.doctor.stack import read_stack
from shimyard.node.paths import ROOT
from shimyard.node.program import FOR_THE_DOCTOR
from shimyard.settings.k3s import release
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.site import bring
from tests.engine.cluster.stack import cluster_stack
from tests.engine.node.states import kill_at, leftovers
from tests.engine.program.hunt import Hunt, inside
from tests.engine.program.project import Project, Run
from tests.engine.program.running import provider_of, upping
from tests.faults.cluster_points import READING, Station, added_by_a_cluster, stations, told
from tests.faults.holds import forget, hold_at, wait_held
from tests.faults.holds import release as let_go
from tests.faults.points import Kind
from tests.faults.tally import KILLERS, Killer, Tally
from tests.faults.test_kills_of_engine import alive
from tests.lab.conftest import Place
from toolchain import Toolchain

pytestmark = pytest.mark.lab

SERVER, AGENT, LATER = "edge-1", "edge-2", "edge-3"
BOUND = 240.0
ROTATION = ("switch", "rotate-token")
INSIDE = ("token", "taken")
LAST = ("verb", "access")


@pytest.fixture(scope="module")
def cluster_tools(tools: Toolchain) -> Toolchain:
    """With the Kubernetes provider, which a stack with a cluster asks for."""
    return tools.with_kubernetes(toolchain.ensure_kubernetes())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltArtifacts:
    """What the nodes need, the newest K3s, and its successors."""
    names = {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
    machines = [each for each in recipes() if each.name in names]
    found = build_all(wanted=[*machines, k3s_recipes("amd64")[0]])
    newest, folder = found.find("k3s"), tmp_path_factory.mktemp("successors")
    more = [successor(newest, minors, folder) for minors in range(1, len(KILLERS) + 2)]
    return BuiltArtifacts((*found, *more))


def successor(k3s: BuiltArtifact, minors: int, folder: Path) -> BuiltArtifact:
    """A stand-in for a later minor version: the same program, with some bytes more in it.

    For Shimyard it is another version, which asks for a drain and a snapshot. What another version
    of Kubernetes does is shown in tests/engine/cluster.
    """
    major, minor, patch = release(k3s.version)
    version = f"{major}.{minor + minors}.{patch}+k3s1"
    content = k3s.path.read_bytes()
    # Behind the program, before what it brings along: see `append_bundle` of lab/k3s/recipes.py.
    (length,) = struct.unpack(">Q", content[-16:-8])
    end = len(content) - 16 - length
    path = folder / version / k3s.path.name
    path.parent.mkdir()
    path.write_bytes(content[:end] + version.encode() + content[end:])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(k3s, version=version, path=path, sha256=digest, size=path.stat().st_size)


@pytest.fixture(scope="module")
def lab(place: Callable[[int], Place], built: BuiltArtifacts) -> Iterator[Lab]:
    with place(6).lab(3) as found:
        start_mirror(found.settings, built)
        yield found


@pytest.fixture(scope="module")
def project(
    cluster_tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server that keeps its state in etcd, and one agent; both are up."""
    folder = tmp_path_factory.mktemp("kills")
    made = Project.of_checkout(cluster_tools, folder)
    made.config = cluster_stack(lab, built, [SERVER, AGENT], servers=[SERVER])
    made.config["cluster"] |= {"datastore": "etcd", "agentVersion": built.find("k3s").version}
    made.config["cluster"]["images"] = [{"name": "greeter", "version": "1.0.0"}]
    locks = made.config["artifacts"]["lockFiles"]
    brought = bring(folder)
    made.config["artifacts"] = {**brought, "lockFiles": locks + brought["lockFiles"]}
    made.write()
    (folder / "temporary").mkdir()
    made.environment["TMPDIR"] = str(folder / "temporary")
    # The flag is hidden from those who don't debug the engine.
    made.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    made.up()
    return made


class Secrets:
    """What nobody else may read, as it has been since the cluster stands, and who looks for it.

    ``names``: text -> what it is.
    """

    def __init__(self, server: Node, hunt: Hunt) -> None:
        self.server = server
        self.hunt = hunt
        self.names: dict[str, str] = {}

    def now(self) -> dict[str, str]:
        """Those of this moment, which are looked for from now on."""
        kubeconfig = yaml.safe_load(self._content("k3s.yaml"))
        found = {
            self._content("token"): "server token",
            self._content("agent-token"): "agent token",
            kubeconfig["users"][0]["user"]["client-key-data"]: "administrator's key",
        }
        self.names |= found
        self.hunt.learn(*found)
        return found

    def met(self, hunt: Hunt) -> set[tuple[str, str]]:
        """Where a hunt has met which of them, by name."""
        return {(where, self.names[text]) for where, text in hunt.found}

    def _content(self, name: str) -> str:
        return self.server.run(["cat", f"/etc/rancher/k3s/{name}"]).stdout.strip()


@pytest.fixture(scope="module")
def secrets(project: Project, lab: Lab) -> Iterator[Secrets]:
    """All processes and temporary files are looked at while the tests of this module run."""
    folders = [Path(project.environment["TMPDIR"])]
    for node in lab.nodes:
        folders += [inside(node, name) for name in ("tmp", "run", "dev/shm", "var/tmp")]
        # Not its store: megabytes of programs, again and again.
        folders += [node.root / ROOT.lstrip("/") / name for name in ("staging", "generations")]
    with Hunt([], folders) as hunt:
        found = Secrets(lab.node(SERVER), hunt)
        found.now()
        yield found


@dataclass(frozen=True)
class Changes:
    """What can happen to a cluster, one after the other; each is one change of the stack file."""

    project: Project
    later: Mapping[str, Any]
    versions: Iterator[str]

    def join(self) -> None:
        """A third machine becomes an agent."""
        self.project.config["nodes"].append(dict(self.later))

    def upgrade_the_server(self) -> None:
        """The next minor version, for the server."""
        self.project.config["cluster"]["version"] = next(self.versions)

    def upgrade_the_agents(self) -> None:
        """The same for the agents."""
        self.project.config["cluster"]["agentVersion"] = self.project.config["cluster"]["version"]

    def describe(self) -> None:
        """Another label, and a taint more or less."""
        agent = self.project.config["nodes"][1]
        agent["labels"]["edge.example.com/rack"] = self.project.config["cluster"]["version"][:4]
        agent["taints"] = [] if agent.get("taints") else ["edge.example.com/bench=yes:NoSchedule"]

    def rotate(self) -> None:
        """Another token for the servers, and one for the agents."""
        generation = int(self.project.config["cluster"].get("tokenGeneration", "0"))
        self.project.config["cluster"]["tokenGeneration"] = str(generation + 1)

    def remove(self) -> None:
        """The third machine leaves."""
        self.project.config["nodes"].pop()

    def __iter__(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "join", self.join
        yield "upgrade", self.upgrade_the_server
        yield "upgrade", self.upgrade_the_agents
        yield "description", self.describe
        yield "rotation", self.rotate
        yield "rotation", self.rotate
        yield "removal", self.remove


@pytest.fixture(scope="module")
def changes(project: Project, lab: Lab, built: BuiltArtifacts) -> Changes:
    config = cluster_stack(lab, built, [LATER], servers=[SERVER])
    versions = [each.version for each in built if each.name == "k3s"]
    return Changes(project, config["nodes"][0], iter(versions[1:]))


@pytest.fixture(scope="module")
def course(
    project: Project, changes: Changes, secrets: Secrets, tally: Tally
) -> list[list[Station]]:
    """Where each change comes along when nobody is killed.

    A join, an upgrade and a removal are killed at each of their own steps, whatever the others do;
    any other change only where none was before. What reads only is killed once.
    """
    kinds = added_by_a_cluster(tally.known)
    seen: dict[str, set[Kind]] = {}
    found: list[list[Station]] = []
    for name, change in changes:
        change()
        project.write()
        events = project.folder.parent / f"events-{len(found)}.json"
        project.up("--debug", "--event-log", str(events))
        met = stations(told(events), kinds, SERVER)
        secrets.now()
        before = set().union(*seen.values())
        of_its_own = name in {"join", "upgrade", "removal"}
        here = [
            station
            for station in met
            if station.kind not in (seen.get(name, set()) if of_its_own else before)
            and not (station.kind in READING and station.kind in before)
        ]
        # Both halves of an upgrade have steps on a machine of their own.
        seen.setdefault(name, set()).update(each.kind for each in here if each.is_verb)
        found.append(here)
    first, second = (index for index, (name, _) in enumerate(changes) if name == "rotation")
    found[first] = [
        station for station in found[first] if station.kind == ("switch", "rotate-token")
    ]
    # No journal tells of the point inside of the step, and a server tells how it is reached when
    # all the rest is done.
    found[second] = [Station(kind, " ".join(kind), SERVER) for kind in (INSIDE, LAST)]
    return [
        [station for station in part if station.kind != LAST or index == second]
        for index, part in enumerate(found)
    ]


class Ordeal:
    """Runs the engine into one kill after the other, and then to its end."""

    def __init__(
        self, project: Project, lab: Lab, secrets: Secrets, *, killer: Killer, tally: Tally
    ) -> None:
        self.project = project
        self.secrets = secrets
        self.lab = lab
        self.killer = killer
        self.tally = tally

    def through(self, stations: Sequence[Station]) -> None:
        """`pulumi up` with a kill at each station in turn; and once more, which converges."""
        self.project.write()
        kills = []
        for station in stations:
            kill, began = self.tally.kill(self.killer, station.point), time.monotonic()
            node = self.lab.node(station.node)
            if self.killer == "node shell":
                self.of_the_shell(node, station.point)
            else:
                self.of_the_controller(node, station.point)
            kill.seconds = time.monotonic() - began
            assert kill.seconds < BOUND
            kills.append(kill)
        with self.tally.wait(f"the next up after kills at {len(stations)} points of a cluster"):
            self.project.up()
        self.secrets.now()
        self.converged()
        for kill in kills:
            kill.converged = True

    def of_the_shell(self, node: Node, point: str) -> None:
        kill_at(node, point)
        told = self.project.up("--debug", status=None).output
        file = node.root / "var/lib/shimyard/kill-at"
        assert not file.exists() or file.read_text() == "", f"never came to {point!r}: {told}"
        assert "Traceback" not in told

    def of_the_controller(self, node: Node, point: str) -> None:
        hold_at(node, point)
        try:
            with upping(self.project, "up", "--yes", "--skip-preview") as run:
                provider = provider_of(run)
                wait_held(node, seconds=180)
                os.kill(run.pid if self.killer == "pulumi" else provider, signal.SIGKILL)
                output, _ = run.communicate(timeout=60)
                wait_for("the provider's end", lambda: alive(provider), seconds=20)
        finally:
            let_go(node)
        assert run.returncode != 0
        assert "Traceback" not in output
        self.project.runs.append(Run(output, run.returncode))
        if self.killer == "pulumi":
            self.project.pulumi("cancel", "--yes")

    def reachable(self, course: Sequence[Station]) -> list[Station]:
        """Where this killer can meet a change again after each kill.

        A machine whose controller dies ends its transaction by itself: there is one step of it.
        """
        if self.killer == "node shell":
            return list(course)
        steps = [station for station in course if not station.is_verb]
        return [station for station in course if station.is_verb or station is steps[0]]

    def converged(self) -> None:
        """Every node of the stack is in service, and nothing is left in the middle."""
        wanted = sorted(node["name"] for node in self.project.config["nodes"])
        nodes = Kubectl(self.lab.node(SERVER)).nodes()
        assert sorted(nodes) == wanted
        for name, node in nodes.items():
            assert is_ready(node), name
            assert "unschedulable" not in node["spec"], name
            assert leftovers(self.lab.node(name)) == [], name


def test_every_step_of_a_cluster_is_on_the_course(
    course: list[list[Station]], tally: Tally
) -> None:
    met = {station.kind for part in course for station in part}
    assert met == added_by_a_cluster(tally.known)
    join, server, agents, *_, removal = ({station.kind for station in part} for part in course)
    assert ("switch", "await-node") in join & server & agents
    assert server > {("verb", "cordon"), ("verb", "drain"), ("prepare", "snapshot")}
    assert removal == {
        ("verb", "cordon"), ("verb", "drain"), ("switch", "leave"), ("verb", "forget")
    }  # fmt: skip


@pytest.mark.parametrize("killer", KILLERS)
def test_killed_at_any_step_of_a_cluster_the_next_up_converges(
    project: Project,
    lab: Lab,
    changes: Changes,
    course: list[list[Station]],
    secrets: Secrets,
    *,
    tally: Tally,
    killer: Killer,
) -> None:
    ordeal = Ordeal(project, lab, secrets, killer=killer, tally=tally)
    for (_, change), part in zip(changes, course, strict=True):
        change()
        ordeal.through(ordeal.reachable(part))
    assert "drift" not in project.refresh().output
    for node in lab.nodes:
        forget(node)


def test_no_secret_of_the_cluster_was_found_where_others_can_read_it(
    project: Project, lab: Lab, secrets: Secrets
) -> None:
    hunt = secrets.hunt
    project.pulumi("stack", "export")
    project.pulumi("stack", "output", "--json")
    for path in project.state_files:
        hunt.look(str(path), path.read_bytes())
    for folder in ("home", "temporary"):
        hunt.look_below(project.folder.parent / folder)
    for path in project.folder.parent.glob("events-*.json"):
        hunt.look("an event log", path.read_bytes())
    for number, each in enumerate(project.runs):
        hunt.look(f"output {number}", each.output.encode())
    assert hunt.rounds > 50
    # On its way, a secret waits in Shimyard's own folder, where only root can read it.
    waiting = tuple(f"0600 {node.root}{ROOT}/" for node in lab.nodes)
    assert {each for each in secrets.met(hunt) if not each[0].startswith(waiting)} == set()
    current = secrets.now()
    for node in lab.nodes:
        now = Hunt(list(secrets.names), [])
        now.look_at(node)
        assert [where for where, _ in secrets.met(now) if not where.startswith("0600 ")] == []
        allowed = {SERVER: set(current.values()), AGENT: {"agent token"}}.get(node.name, set())
        assert {secrets.names[text] for _, text in now.found if text in current} == allowed
        assert {each for each in now.found if each[1] not in current} == set(), "former ones"


@pytest.mark.parametrize("verb", sorted(FOR_THE_DOCTOR))
def test_killed_while_the_doctor_asks_he_tells_so_and_the_next_time_there_is_an_answer(
    project: Project, lab: Lab, tally: Tally, verb: str
) -> None:
    # That these verbs leave no trace, killed or not, is shown in tests/engine/node/test_doctor.py.
    stack = read_stack(project.stack_file)
    kill, began = tally.kill("node shell", f"verb {verb}"), time.monotonic()
    kill_at(lab.node(SERVER), f"verb {verb}")
    cut = examine(stack.settings, stack.name, stack.project)
    kill.seconds = time.monotonic() - began
    silent = cut.cluster if verb == "survey" else cut.machines[SERVER]
    assert isinstance(silent, Silence)
    assert "somebody killed Shimyard's program" in silent.cause
    again = examine(stack.settings, stack.name, stack.project)
    assert isinstance(again.cluster, ClusterFacts)
    assert isinstance(again.machines[SERVER], Examined)
    forget(lab.node(SERVER))
    kill.converged = True
