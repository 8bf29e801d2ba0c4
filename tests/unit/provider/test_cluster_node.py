"""Labels and taints of a node, and what it is proven to do."""

from __future__ import annotations

from typing import Any

import pytest

from shimyard.node.errors import NodeError
from shimyard.provider.cluster_node import ClusterNodeResource
from shimyard.provider.inputs import InputError
from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    DeleteRequest,
    DiffRequest,
    ReadRequest,
    ReadResponse,
)
from shimyard.provider.nodes import Nodes
from shimyard.provider.values import UNKNOWN
from tests.unit.provider.clusters import StandInCluster, StandInControl, agent, membership
from tests.unit.provider.engine import KeptLog

URN = "urn:pulumi:dev::shimyard::shimyard-edge:cluster:Node::a"
PROVEN = "handler.shimyard.dev/"


def handler(canary: str = "passed", milliseconds: int = 9) -> dict[str, Any]:
    """A handler as the container runtime tells of it."""
    return {"shim": "x", "version": "1.0.0", "canary": canary, "milliseconds": milliseconds}


def inputs(**changed: Any) -> dict[str, Any]:
    return {
        "name": "a",
        "membership": membership("s1"),
        "labels": {"site": "hall"},
        "taints": [],
        "handlers": {"wasmtime": handler()},
        **changed,
    }


@pytest.fixture
def control() -> StandInControl:
    return StandInControl(StandInCluster(agent("a")), "a")


@pytest.fixture
def nodes_of_cluster(
    nodes: Nodes, log: KeptLog, control: StandInControl, monkeypatch: pytest.MonkeyPatch
) -> ClusterNodeResource:
    resource = ClusterNodeResource(nodes, log)
    monkeypatch.setattr(resource, "_control", lambda *_: control)
    return resource


def apply(
    resource: ClusterNodeResource, state: dict[str, Any] | None = None, **changed: Any
) -> ApplyResponse:
    known = "" if state is None else "a"
    request = ApplyRequest(URN, known, inputs(**changed), preview=False, state=state or {})
    return resource.apply(request)


# --- labels ---------------------------------------------------------------------------------------


def test_a_node_gets_its_labels_and_one_for_each_proven_handler(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    handlers = {"wasmtime": handler(), "wasmedge": handler("failed"), "spin": handler("not run")}
    answer = apply(nodes_of_cluster, handlers=handlers)
    assert control.cluster.asked == [f"describe a {PROVEN}wasmtime=true site=hall"]
    assert answer.id == "a"
    assert answer.state["set"] == {"site": "hall", f"{PROVEN}wasmtime": "true"}
    assert control.closed == 1


def test_what_is_set_already_is_not_set_again(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    labels = {"site": "hall", f"{PROVEN}wasmtime": "true", "of": "others"}
    control.cluster.becomes("a", labels=labels)
    apply(nodes_of_cluster)
    assert control.cluster.asked == ["describe a"]


def test_a_capability_that_nothing_proves_goes_whoever_has_set_it(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    control.cluster.becomes("a", labels={f"{PROVEN}wasmer": "true", f"{PROVEN}wasmtime": "no"})
    apply(nodes_of_cluster, labels={})
    assert control.cluster.asked == [f"describe a {PROVEN}wasmer- {PROVEN}wasmtime=true"]


def test_a_capability_goes_with_its_handler(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    before = apply(nodes_of_cluster).state
    control.cluster.becomes("a", labels=before["set"])
    control.cluster.asked.clear()
    apply(nodes_of_cluster, dict(before), handlers={"wasmtime": handler("failed")})
    assert control.cluster.asked == [f"describe a {PROVEN}wasmtime-"]


def test_a_label_that_was_ours_goes_and_one_of_others_stays(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    control.cluster.becomes("a", labels={"old": "1", "of": "others", "site": "hall"})
    apply(nodes_of_cluster, {"set": {"old": "1", "site": "hall"}}, handlers={})
    assert control.cluster.asked == ["describe a old-"]


# --- taints ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "wanted", "there", "asked"),
    [
        ([], ["a=b:NoSchedule"], [], "a=b:NoSchedule"),
        ([], ["a:NoExecute"], [], "a:NoExecute"),
        ([], ["a=b:NoSchedule"], ["a=b:NoSchedule"], ""),
        (["a=b:NoSchedule"], [], ["a=b:NoSchedule"], "a:NoSchedule-"),
        (["a:NoExecute"], [], ["a:NoExecute"], "a:NoExecute-"),
        (["x.y/a=b:NoSchedule"], [], ["x.y/a=b:NoSchedule"], "x.y/a:NoSchedule-"),
        (["a=b:NoSchedule"], [], [], ""),
        ([], [], ["of=others:NoSchedule"], ""),
        (["a=b:NoSchedule"], ["a=b:NoExecute"], ["a=b:NoSchedule"], "a:NoSchedule- a=b:NoExecute"),
    ],
)
def test_taints_come_and_go_in_kubectls_words(
    nodes_of_cluster: ClusterNodeResource,
    control: StandInControl,
    *,
    held: list[str],
    wanted: list[str],
    there: list[str],
    asked: str,
) -> None:
    control.cluster.becomes("a", taints=tuple(there))
    answer = apply(nodes_of_cluster, {"held": held}, labels={}, handlers={}, taints=wanted)
    assert control.cluster.asked == [f"describe a {asked}".strip()]
    assert answer.state["held"] == wanted


def test_another_value_of_a_taint_replaces_it_and_does_not_remove_it_too(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    """kubectl refuses to do both with the same key and effect in one command."""
    control.cluster.becomes("a", taints=("a=b:NoSchedule", "a=b:NoExecute"))
    held = ["a=b:NoSchedule", "a=b:NoExecute"]
    apply(nodes_of_cluster, {"held": held}, labels={}, handlers={}, taints=["a=c:NoSchedule"])
    assert control.cluster.asked == ["describe a a:NoExecute- a=c:NoSchedule"]


# --- applying -------------------------------------------------------------------------------------


def test_a_node_is_described_when_it_is_ready_and_takes_pods_again(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    control.cluster.becomes("a", cordoned=True, ours=True)
    apply(nodes_of_cluster)
    assert control.cluster.asked[0] == "uncordon a"


def test_a_node_that_the_cluster_does_not_know_is_an_error_with_the_mend(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    del control.cluster.nodes["a"]
    with pytest.raises(NodeError, match="node a, step label: the cluster does not know it"):
        apply(nodes_of_cluster)
    assert control.closed == 1


def test_a_preview_asks_nobody_and_knows_what_is_known(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    control.away = True
    request = ApplyRequest(URN, "", inputs(), preview=True)
    assert nodes_of_cluster.apply(request).state["set"] == {
        "site": "hall",
        f"{PROVEN}wasmtime": "true",
    }
    unknown = ApplyRequest(URN, "", inputs(handlers=UNKNOWN), preview=True)
    assert nodes_of_cluster.apply(unknown).state["set"] is UNKNOWN


# --- differences ----------------------------------------------------------------------------------


def differences(
    resource: ClusterNodeResource, state: dict[str, Any] | None = None, **changed: Any
) -> dict[str, str]:
    request = DiffRequest(URN, "a", inputs(), state or {}, inputs(**changed))
    return dict(resource.diff(request).details)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"handlers": {"wasmtime": handler(milliseconds=77)}},
        {"handlers": {"wasmtime": handler(), "spin": handler("not run")}},
        {"membership": membership("s9", maxUnavailable=7)},
    ],
    ids=["nothing", "milliseconds", "a handler that is not proven", "another server to ask"],
)
def test_what_the_node_does_not_show_is_no_change(
    nodes_of_cluster: ClusterNodeResource, changed: dict[str, Any]
) -> None:
    assert differences(nodes_of_cluster, **changed) == {}


def test_another_proof_label_or_taint_is_an_update_and_another_name_another_node(
    nodes_of_cluster: ClusterNodeResource,
) -> None:
    assert list(differences(nodes_of_cluster, handlers={})) == ["handlers[0]"]
    assert differences(nodes_of_cluster, handlers=UNKNOWN) == {"handlers": "update"}
    assert differences(nodes_of_cluster, labels={}) == {"labels.site": "delete"}
    assert differences(nodes_of_cluster, taints=["a:NoExecute"]) == {"taints[0]": "add"}
    assert differences(nodes_of_cluster, name="b") == {"name": "replace"}
    assert differences(nodes_of_cluster, {"drift": ["x"]}) == {"drift": "update"}


# --- drift ----------------------------------------------------------------------------------------


def read(resource: ClusterNodeResource) -> ReadResponse:
    state = {"set": {"site": "hall", f"{PROVEN}spin": "true"}, "held": ["a=b:NoSchedule"]}
    return resource.read(ReadRequest(URN, "a", inputs(), state))


def test_a_refresh_says_what_somebody_has_changed(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl, log: KeptLog
) -> None:
    control.cluster.becomes("a", labels={"site": "yard"}, taints=("a=c:NoSchedule",))
    drift = read(nodes_of_cluster).state["drift"]
    assert drift == [
        "label site is 'yard', should be 'hall'",
        f"label {PROVEN}spin is 'not set', should be 'true'",
        "taint a=b:NoSchedule is not set",
    ]
    assert log.kept == [f"a: drift: {sentence}" for sentence in drift]
    assert control.closed == 1


def test_what_is_as_it_was_set_is_no_drift_whatever_others_add(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl, log: KeptLog
) -> None:
    labels = {"site": "hall", f"{PROVEN}spin": "true", "more": "1"}
    control.cluster.becomes("a", labels=labels, taints=("a=b:NoSchedule", "more:NoExecute"))
    answer = read(nodes_of_cluster)
    assert (answer.id, answer.state["drift"], log.kept) == ("a", [], [])


def test_a_cordon_that_a_change_has_left_is_drift_which_the_next_update_takes_back(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    labels = {"site": "hall", f"{PROVEN}spin": "true"}
    control.cluster.becomes(
        "a", labels=labels, taints=("a=b:NoSchedule",), cordoned=True, ours=True
    )
    answer = read(nodes_of_cluster)
    assert answer.state["drift"] == ["cordoned by a change that has not come to its end"]
    apply(nodes_of_cluster)
    assert not control.cluster.members()["a"].cordoned
    assert read(nodes_of_cluster).state["drift"] == []


def test_a_node_that_the_cluster_has_lost_is_gone(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    control.cluster.nodes.clear()
    assert read(nodes_of_cluster).id == ""


def test_the_object_goes_with_k3s_and_not_before(
    nodes_of_cluster: ClusterNodeResource, control: StandInControl
) -> None:
    nodes_of_cluster.delete(DeleteRequest(URN, "a", inputs()))
    assert control.cluster.asked == []


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "where", "words"),
    [
        ({"labels": {"a b": "c"}}, "labels.a b", "is not a label name"),
        ({"labels": {"a": "b c"}}, "labels.a", "is not a label value"),
        ({"labels": {"a": 1}}, "labels.a", "should be text"),
        ({"labels": ["a"]}, "labels", "should be a table"),
        ({"taints": ["a:NoSchedule", "a=b"]}, "taints[1]", "is not a taint; write 'key=value:NoS"),
        ({"membership": {"cluster": "x"}}, "membership.servers", "is missing"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_the_mend(
    nodes_of_cluster: ClusterNodeResource, changed: dict[str, Any], where: str, words: str
) -> None:
    ((path, reason),) = nodes_of_cluster.check(CheckRequest(URN, {}, inputs(**changed))).failures
    assert path == where
    assert words in reason


def test_what_is_not_known_yet_is_no_mistake(nodes_of_cluster: ClusterNodeResource) -> None:
    unknown = inputs(labels={"site": UNKNOWN}, handlers=UNKNOWN)
    assert nodes_of_cluster.check(CheckRequest(URN, {}, unknown)).failures == ()
    nothing = inputs(labels=None, taints=None)
    assert nodes_of_cluster.check(CheckRequest(URN, {}, nothing)).failures == ()


def test_a_node_without_a_cluster_is_refused(nodes: Nodes, log: KeptLog) -> None:
    resource = ClusterNodeResource(nodes, log)
    with pytest.raises(InputError, match="membership: is missing"):
        resource.read(ReadRequest(URN, "a", {"name": "a"}, {}))
