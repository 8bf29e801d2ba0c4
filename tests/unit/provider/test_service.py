"""When a machine is drained for its change, and when it is taken back in."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from shimyard.node.errors import NodeError
from shimyard.node.facts import Facts, ManagedFacts
from shimyard.node.operations import ReloadUnits, RestartUnit
from shimyard.node.plan import Plan
from shimyard.node.progress import silent
from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.inputs import InputError
from shimyard.provider.rollout import Rollout, RolloutError
from shimyard.provider.service import Service, membership, serves
from tests.unit.provider.clusters import StandInCluster, StandInControl, agent, server
from tests.unit.provider.clusters import membership as cluster_inputs
from tests.unit.provider.engine import checked, node, runtime

CHANGES = Plan((ReloadUnits(),))


def having(*resources: str) -> Facts:
    """A machine that has these resources."""
    return Facts(managed=ManagedFacts(dict.fromkeys(resources, ())))


def control(**changes: bool) -> StandInControl:
    nodes = StandInCluster(server("s1"), agent("a", **changes))
    return StandInControl(nodes, "a")


def change(
    asks: StandInControl, facts: Facts, plan: Plan = CHANGES, *, disrupts: bool = True
) -> list[str]:
    """What the cluster is asked around a change, and after it."""
    service = Service(Rollout(), asks, silent)
    with service.around(plan, facts, disrupts=disrupts):
        asks.cluster.asked.append("change a")
    service.settle(facts)
    return asks.cluster.asked


@pytest.mark.parametrize("resource", ["k3s-agent", "k3s-server"])
def test_a_node_is_drained_before_a_change_that_its_pods_would_notice(resource: str) -> None:
    asked = change(control(), having("container-runtime", resource))
    assert asked == ["cordon a", "drain a", "change a", "uncordon a"]


def test_a_change_that_no_pod_notices_drains_nothing() -> None:
    assert change(control(), having("k3s-agent"), disrupts=False) == ["change a"]


def test_a_change_that_drains_nothing_has_its_turn_and_its_failure_stops_the_rollout() -> None:
    """Else a shim whose canary fails would be tried on every node at once."""
    rollout, nodes = Rollout(), StandInCluster(server("s1"), agent("a"), agent("b"))
    first, second = (
        Service(rollout, StandInControl(nodes, name), silent).around(
            CHANGES, having("k3s-agent"), disrupts=False
        )
        for name in ("a", "b")
    )

    def fails() -> None:
        with first:
            raise NodeError("a", "canary", "the shim can't run a module", mend="x")

    with pytest.raises(NodeError, match="the shim can't run a module"):
        fails()
    with pytest.raises(RolloutError, match="the rollout stopped at a; b was left alone"), second:
        raise AssertionError("b is left alone")
    assert nodes.asked == []


def test_what_has_ended_is_started_without_waiting_for_a_turn() -> None:
    """The nodes that have their turn may wait for just this server."""
    rollout, nodes = Rollout(), StandInCluster(server("s1"), agent("a"))
    starts = Plan((RestartUnit("k3s.service", ("/x",), starts=True),))
    server_asks, agent_asks = StandInControl(nodes, "s1"), StandInControl(nodes, "a")
    with rollout.turn(agent_asks, silent, server=False):
        service = Service(rollout, server_asks, silent)
        with service.around(starts, having("k3s-server"), disrupts=False):
            nodes.asked.append("start s1")
    assert nodes.asked == ["start s1"]


def test_a_server_does_not_restart_beside_one_that_is_down() -> None:
    nodes = StandInCluster(server("s1"), server("s2"), server("s3", ready=False))
    asks = StandInControl(nodes, "s1", "s1", "s2", "s3")
    for unit, refused in (("k3s.service", True), ("other.service", False)):
        plan = Plan((RestartUnit(unit, ("/etc/rancher/k3s/config.yaml",)),))
        with pytest.raises(RolloutError, match="no quorum") if refused else nullcontext():
            change(asks, having("k3s-server"), plan, disrupts=False)
    assert nodes.asked == ["change a"]


@pytest.mark.parametrize("unit", ["k3s.service", "k3s-agent.service"])
def test_a_restart_of_k3s_has_its_turn_and_drains_nothing(unit: str) -> None:
    rollout, plan = Rollout(), Plan((RestartUnit(unit, ("/x",)),))
    service = Service(rollout, control(), silent)
    with (
        pytest.raises(NodeError),
        service.around(plan, having("k3s-agent"), disrupts=False),
    ):
        raise NodeError("a", "switch", "it does not start", mend="mend it")
    other = Service(rollout, control(), silent)
    with (
        pytest.raises(RolloutError, match="stopped at a"),
        other.around(plan, having("k3s-agent"), disrupts=False),
    ):
        raise AssertionError("this node is left alone")
    assert change(control(), having("k3s-agent"), plan, disrupts=False) == ["change a"]


def test_what_is_down_is_started_without_a_turn() -> None:
    asks = control()
    asks.away = True
    plan = Plan((RestartUnit("k3s-agent.service", ("is failed",), starts=True),))
    service = Service(Rollout(), asks, silent)
    with service.around(plan, having("k3s-agent"), disrupts=False):
        asks.cluster.asked.append("change a")
    assert asks.cluster.asked == ["change a"]


def test_a_change_of_nothing_drains_nothing() -> None:
    assert change(control(), having("k3s-agent"), Plan()) == ["change a"]


def test_a_machine_without_k3s_of_ours_asks_no_cluster() -> None:
    asks = control()
    asks.away = True
    assert change(asks, having("container-runtime")) == ["change a"]
    assert not serves(having("container-runtime"))


def test_a_cordon_of_a_run_that_was_cut_off_is_taken_back_by_the_next_change() -> None:
    asked = change(control(cordoned=True, ours=True), having("k3s-agent"), disrupts=False)
    assert asked == ["change a", "uncordon a"]


def test_a_server_has_its_turn_as_a_server() -> None:
    rollout, told = Rollout(), list[bool]()

    class Watched(Rollout):
        def disruption(self, *of, server: bool):  # type: ignore[no-untyped-def]
            told.append(server)
            return rollout.disruption(*of, server=server)

    for resource in ("k3s-server", "k3s-agent"):
        service = Service(Watched(), control(), silent)
        with service.around(CHANGES, having(resource), disrupts=True):
            pass
    assert told == [True, False]


def test_a_machine_may_have_no_cluster() -> None:
    assert membership({}) is None
    assert membership({"membership": None}) is None
    found = membership({"membership": cluster_inputs("s1", maxUnavailable=3)})
    assert found is not None
    assert found.rollout.max_unavailable == 3
    with pytest.raises(InputError, match=r"membership\.rollout\.maxUnavailable"):
        membership({"membership": cluster_inputs("s1", maxUnavailable=0)})


# --- which changes of the container runtime pods notice -------------------------------------------


@pytest.mark.parametrize(
    ("step", "disrupts"),
    [
        (RestartUnit("containerd.service", ("/x",), runs_containers=True), True),
        (RestartUnit("containerd.service", ("/x",), starts=True, runs_containers=True), False),
        (RestartUnit("other.service", ("/x",)), False),
        (ReloadUnits(), False),
    ],
    ids=["containerd restarts", "containerd starts", "another service", "no restart"],
)
def test_only_a_restart_of_containerd_ends_containers(
    container_runtime: ContainerRuntimeResource,
    step: RestartUnit | ReloadUnits,
    *,
    disrupts: bool,
) -> None:
    assert container_runtime.disrupts(Plan((step,)), {}, {}) is disrupts


def test_a_preview_says_that_a_node_of_a_cluster_is_drained(
    container_runtime: ContainerRuntimeResource,
) -> None:
    inputs = {"node": node(), "runtime": runtime(), "membership": cluster_inputs("s1")}
    old = checked(container_runtime, inputs)
    assert not any("drains" in effect for effect in old["effects"]), "a new machine has no pods"
    other = {**inputs, "runtime": runtime(sandboxImage="registry.lab/pause:1")}
    drains, restarts = checked(container_runtime, other, old)["effects"]
    assert drains == "drains bench-1"
    assert restarts.startswith("restarts containerd.service: ")
    mirror = {"host": "registry.lab", "mirrors": [{"url": "http://192.0.2.1:5000"}]}
    quiet = {**inputs, "runtime": runtime(registries=[mirror])}
    assert checked(container_runtime, quiet, old)["effects"] == ["nothing restarts"]
