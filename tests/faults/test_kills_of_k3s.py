"""kill -9 of the node's shell, of the provider and of pulumi at every step that a cluster adds.

One cluster lives through all of it: after each kill the next `pulumi up` converges, no node stays
cordoned, and nothing has drifted.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import toolchain
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.deadline import wait_for
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.mirror.service import start_mirror
from lab.nodes.node import Node
from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examined, Silence
from shimyard.doctor.rounds import examine
from shimyard.doctor.stack import read_stack
from shimyard.node.program import FOR_THE_DOCTOR
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.stack import cluster_stack
from tests.engine.node.states import kill_at, leftovers
from tests.engine.program.project import Project
from tests.engine.program.running import provider_of, upping
from tests.faults.holds import forget, hold_at, release, wait_held
from tests.faults.tally import KILLERS, Killer, Tally
from tests.faults.test_kills_of_engine import alive
from tests.lab.conftest import Place
from toolchain import Toolchain

pytestmark = pytest.mark.lab

SERVER, AGENT, LATER = "edge-1", "edge-2", "edge-3"
BOUND = 240.0


@pytest.fixture(scope="module")
def cluster_tools(tools: Toolchain) -> Toolchain:
    """With the Kubernetes provider, which a stack with a cluster asks for."""
    return tools.with_kubernetes(toolchain.ensure_kubernetes())


@pytest.fixture(scope="module")
def built() -> BuiltArtifacts:
    """What the nodes need, and the newest K3s."""
    names = {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
    machines = [each for each in recipes() if each.name in names]
    return build_all(wanted=[*machines, k3s_recipes("amd64")[0]])


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
    made = Project.of_checkout(cluster_tools, tmp_path_factory.mktemp("kills"))
    made.config = cluster_stack(lab, built, [SERVER, AGENT, LATER], servers=[SERVER])
    made.config["cluster"]["datastore"] = "etcd"
    made.config["later"] = made.config["nodes"].pop()
    apply(made)
    made.up()
    return made


def apply(project: Project) -> None:
    """Write the stack file without what the test keeps beside it."""
    kept = {key: project.config.pop(key) for key in ("later",) if key in project.config}
    project.write()
    project.config |= kept


class Ordeal:
    """Runs the engine into one kill after the other, and then to its end."""

    def __init__(self, project: Project, lab: Lab, killer: Killer, tally: Tally) -> None:
        self.project = project
        self.lab = lab
        self.killer = killer
        self.tally = tally

    def through(self, *stations: tuple[str, str], options: tuple[str, ...] = ()) -> None:
        """`pulumi up` with a kill at each (point, node) in turn; and once more, which converges."""
        apply(self.project)
        words = ("up", "--yes", "--skip-preview", *options)
        kills = []
        for point, name in stations:
            kill, began = self.tally.kill(self.killer, point), time.monotonic()
            node = self.lab.node(name)
            if self.killer == "node shell":
                self.of_the_shell(node, point, words)
            else:
                self.of_the_controller(node, point, words)
            kill.seconds = time.monotonic() - began
            assert kill.seconds < BOUND
            kills.append(kill)
        with self.tally.wait(f"the next up after kills at {len(stations)} points of a cluster"):
            self.project.pulumi(*words)
        self.converged()
        for kill in kills:
            kill.converged = True

    def of_the_shell(self, node: Node, point: str, words: tuple[str, ...]) -> None:
        kill_at(node, point)
        told = self.project.pulumi(*words, status=None).output
        file = node.root / "var/lib/shimyard/kill-at"
        assert not file.exists() or file.read_text() == "", f"never came to {point!r}: {told}"
        assert "Traceback" not in told

    def of_the_controller(self, node: Node, point: str, words: tuple[str, ...]) -> None:
        hold_at(node, point)
        try:
            with upping(self.project, *words) as run:
                provider = provider_of(run)
                wait_held(node, seconds=180)
                os.kill(run.pid if self.killer == "pulumi" else provider, signal.SIGKILL)
                output, _ = run.communicate(timeout=60)
                wait_for("the provider's end", lambda: alive(provider), seconds=20)
        finally:
            release(node)
        assert run.returncode != 0
        assert "Traceback" not in output
        if self.killer == "pulumi":
            self.project.pulumi("cancel", "--yes")

    def converged(self) -> None:
        """Every node of the stack is in service, and nothing has drifted."""
        wanted = sorted(node["name"] for node in self.project.config["nodes"])
        nodes = Kubectl(self.lab.node(SERVER)).nodes()
        assert sorted(nodes) == wanted
        for name, node in nodes.items():
            assert is_ready(node), name
            assert "unschedulable" not in node["spec"], name
            assert leftovers(self.lab.node(name)) == [], name


@pytest.mark.parametrize("killer", KILLERS)
def test_killed_at_any_step_of_a_cluster_the_next_up_converges(
    project: Project, lab: Lab, tally: Tally, killer: Killer
) -> None:
    ordeal = Ordeal(project, lab, killer, tally)
    config = project.config
    agent = config["nodes"][1]
    config["nodes"].append(config["later"])
    ordeal.through((f"switch await-node {LATER}", LATER))
    toggle_handler(config["runtime"]["shims"])
    ordeal.through(
        *((point, SERVER) for point in ("verb members", "verb cordon", "verb drain")),
        ("verb uncordon", SERVER),
    )
    agent["labels"]["edge.example.com/rack"] = killer.replace(" ", "-")
    agent["taints"] = [] if agent.get("taints") else ["edge.example.com/bench=yes:NoSchedule"]
    ordeal.through(("verb label", SERVER), ("verb taint", SERVER))
    # Before K3s is asked for another token, and before its answer is noted.
    for point in ("switch rotate-token /etc/rancher/k3s/token", "token taken"):
        config["cluster"]["tokenGeneration"] = f"{killer}: {point}"
        ordeal.through((point, SERVER))
    spoil(lab.node(SERVER))
    config["cluster"]["serverConfig"] = {"node-external-ip": f"192.0.2.{KILLERS.index(killer)}"}
    ordeal.through(
        ("prepare snapshot /usr/local/bin/k3s", SERVER),
        ("verb access", SERVER),
        options=("--refresh",),
    )
    config["nodes"].pop()
    ordeal.through(("switch leave k3s-agent.service", LATER), ("verb forget", SERVER))
    assert "drift" not in project.refresh().output
    for node in lab.nodes:
        forget(node)


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


def toggle_handler(shims: list[dict[str, Any]]) -> None:
    """One more handler, or one less: containerd restarts for it, so the node is drained."""
    if len(shims) > 1:
        shims.pop()
    else:
        shims.append({**shims[0], "handler": "second"})


def spoil(server: Node) -> None:
    """Somebody has swapped the program: it is brought again, after etcd was saved."""
    script = """\
program=$(readlink /usr/local/bin/k3s)
rm "$program" && printf '#!/bin/sh\\nexit 1\\n' >"$program" && chmod 0755 "$program"
"""
    server.run(["sh", "-c", script])
