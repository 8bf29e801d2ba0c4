"""What a cluster can be in the way of. Stand-in: its nodes are in memory, its servers scripted."""

from __future__ import annotations

from collections.abc import Callable

from shimyard.node.cluster import Cluster
from shimyard.node.desired import StoredArtifact
from shimyard.node.errors import NodeError
from shimyard.node.k3s import Membership, k3s
from shimyard.node.progress import silent
from shimyard.provider import admission, rollout
from shimyard.provider.admission import make_room, standing_cluster
from shimyard.provider.cluster_node import ClusterNodeResource
from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.k3s import K3sAgentResource
from shimyard.provider.messages import ApplyRequest, ReadRequest
from shimyard.provider.nodes import Nodes
from shimyard.provider.rollout import Rollout, keep_quorum, settle
from shimyard.settings import NodeSettings
from shimyard.settings.k3s import K3sSettings
from tests.unit.errors.cases_node import Scripted
from tests.unit.errors.scene import Provocation, Scene
from tests.unit.provider.clusters import (
    Clock,
    StandInCluster,
    StandInControl,
    agent,
    machine,
    membership,
    server,
)
from tests.unit.provider.engine import URN, KeptLog
from tests.unit.provider.test_control import control as control_of
from tests.unit.provider.test_control import unreachable


def _asked(ask: Callable[[Cluster], object], **answers: object) -> Provocation:
    """A server that answers like this."""
    return lambda _scene: ask(Cluster(Scripted(answers)))


def _drain(cluster: Cluster) -> None:
    cluster.drain("a", timeout=300, grace_period=None, delete_empty_dir_data=True, force=False)


def _control(*members: str, **down: bool) -> StandInControl:
    nodes = [agent(name, ready=not down.get(name, False)) for name in members]
    return StandInControl(StandInCluster(server("server-1"), *nodes), "a")


def _changed(control: StandInControl, error: NodeError | None = None) -> Rollout:
    """The rollout after a change of the control's node, which fails with ``error``."""
    coordinator = Rollout()
    try:
        with coordinator.disruption(control, silent, server=False):
            if error is not None:
                raise error
    except NodeError as failed:
        if failed is not error:
            raise
    return coordinator


def _stopped(_scene: Scene) -> None:
    control = _control("a", "b")
    coordinator = _changed(control, NodeError("a", "switch", "it does not start", mend="x"))
    other = StandInControl(control.cluster, "b")
    with coordinator.disruption(other, silent, server=False):
        raise AssertionError("this node is left alone")


def _never_ready(scene: Scene) -> None:
    scene.patch.setattr(rollout, "time", Clock())
    settle(_control("a", a=True), silent)


def _no_server(_scene: Scene) -> None:
    asks, _ = control_of("a", {"s1": unreachable("s1"), "s3": (1, "", "connection refused\n")})
    with asks.server():
        raise AssertionError("nobody is there")


def _no_quorum(_scene: Scene) -> None:
    three = [server("s1"), server("s2"), server("s3", ready=False)]
    keep_quorum({each.name: each for each in three}, three[0])


def _taken(scene: Scene) -> None:
    scene.patch.setattr(admission, "time", Clock())
    make_room(_control("a"), silent)


def _unknown(scene: Scene) -> object:
    resource = ClusterNodeResource(Nodes(scene.folder), KeptLog())
    scene.patch.setattr(resource, "_control", lambda *_: _control("b"))
    inputs = {"name": "a", "membership": membership("s1"), "labels": {}, "handlers": {}}
    return resource.apply(ApplyRequest(URN, "", inputs, preview=False))


def _without_cluster(scene: Scene) -> object:
    resource = ClusterNodeResource(Nodes(scene.folder), KeptLog())
    return resource.read(ReadRequest(URN, "a", {"name": "a"}, {}))


def _embedded(**changed: object) -> Provocation:
    """An agent with K3s's own containerd, with these inputs."""

    def computed(scene: Scene) -> object:
        agents = K3sAgentResource(Nodes(scene.folder), KeptLog())
        k3s = {"version": "1.32.3+k3s1", "containerd": "embedded"}
        return agents.computed(
            {"node": machine("a"), "k3s": k3s, "joins": "server-1", "token": "x", **changed}
        )

    return computed


def _no_archive(_scene: Scene) -> object:
    chosen = K3sSettings.model_validate(
        {"version": "1.32.3+k3s1", "images": [{"name": "site", "version": "1.0.0"}]}
    )
    site = StoredArtifact("site", "1.0.0", "ab", 1, "raw", (("", "site"),))
    return k3s(
        chosen,
        NodeSettings.model_validate(machine("a")),
        "agent",
        Membership("server-1", "x"),
        [site],
        ready_seconds=1,
    )


_PUSH = {"url": "http://10.0.0.1:5000", "capabilities": ["push"]}


def _without_containerd(scene: Scene) -> object:
    resource = ContainerRuntimeResource(Nodes(scene.folder), KeptLog())
    return resource.computed({"node": machine("a"), "runtime": {"runc": {"version": "1.3.4"}}})


CASES_OF_CONTAINERD: dict[str, Provocation] = {
    "K3s's own containerd without a runtime": _embedded(),
    "a runtime beside a containerd of ours": _embedded(
        k3s={"version": "1.32.3+k3s1"}, runtime={"shims": []}
    ),
    "a mirror of which registries.yaml can't tell": _embedded(
        runtime={"registries": [{"host": "ghcr.io", "mirrors": [_PUSH]}]}
    ),
    "an archive of images that is none": _no_archive,
    "a container runtime without containerd": _without_containerd,
}


def _two_lines(scene: Scene) -> object:
    inputs = {"node": machine("a"), "k3s": {"version": "1.32.3+k3s1"}, "joins": "server-1"}
    agents = K3sAgentResource(Nodes(scene.folder), KeptLog())
    return agents.computed({**inputs, "token": "one\ntwo"})


CASES: dict[str, Provocation] = {
    "a command that kubectl refuses": _asked(
        lambda cluster: cluster.cordon("a"),
        cordon=(1, "", 'Error from server (NotFound): nodes "a" not found\n'),
    ),
    "a server on which K3s does not run": _asked(
        lambda cluster: cluster.members(),
        members=(1, "", "The connection to the server 127.0.0.1:6443 was refused\n"),
    ),
    "pods that do not leave": _asked(
        _drain, drain=(1, "", "evicting pod shop/a\nerror: global timeout reached: 5m0s\n")
    ),
    "pods that a budget holds": _asked(
        _drain, drain=(1, "held|shop/front|2|2|a b\n", "error: global timeout reached: 5m0s\n")
    ),
    "a server without a kubeconfig": _asked(
        lambda cluster: cluster.access(), access="ca-sha256|\nkubeconfig|\n"
    ),
    "a cluster of which no server answers": _no_server,
    "a rollout that has stopped": _stopped,
    "nodes that are down anyway": lambda _scene: _changed(_control("a", "x", "y", x=True, y=True)),
    "servers that would lose their quorum": _no_quorum,
    "a node that does not come back": _never_ready,
    "a node that the cluster does not know": _unknown,
    "a node of no cluster": _without_cluster,
    "a token of two lines": _two_lines,
    **CASES_OF_CONTAINERD,
    "a server that would start a second cluster": lambda _scene: standing_cluster(
        control_of("s1", {"s2": unreachable("s2")})[0]
    ),
    "a server that joins while another one is down": lambda _scene: make_room(
        StandInControl(StandInCluster(server("s1"), server("s2", ready=False)), "s3", "s1", "s2"),
        silent,
        server=True,
    ),
    "a name that another machine has in the cluster": _taken,
}
