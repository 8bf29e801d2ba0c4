"""What a server tells of its cluster is understood or refused, and secrets in it are not told."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.node.cluster import Access, Cluster, Member
from shimyard.node.errors import NodeError
from shimyard.node.transcript import Transcript
from tests.unit.errors.cases_node import Scripted

KUBECONFIG = "apiVersion: v1\nusers: [{name: default, user: {client-key-data: c2VjcmV0}}]\n"
ENCODED = base64.b64encode(KUBECONFIG.encode()).decode()
DRAIN = {"timeout": 300, "grace_period": None, "delete_empty_dir_data": True, "force": False}


def members(out: str) -> dict[str, Member]:
    return Cluster(Scripted({"members": (0, out, "")})).members()


def said_by(session: Scripted) -> list[str]:
    said: list[str] = []
    session.transcript = Transcript(said.append)
    return said


def test_a_line_of_a_node_becomes_a_member() -> None:
    line = (
        "member|edge-1|True|true|yes|true|v1.36.3+k3s1"
        "|beta.example.com/x=,topology.kubernetes.io/zone=hall,"
        "|dedicated=camera:NoSchedule,node.kubernetes.io/unschedulable:NoSchedule,\n"
    )
    assert members(line) == {
        "edge-1": Member(
            "edge-1",
            ready=True,
            cordoned=True,
            ours=True,
            server=True,
            version="1.36.3+k3s1",
            labels={"beta.example.com/x": "", "topology.kubernetes.io/zone": "hall"},
            taints=("dedicated=camera:NoSchedule", "node.kubernetes.io/unschedulable:NoSchedule"),
        )
    }


@pytest.mark.parametrize("ready", ["False", "Unknown", "", "true"])
def test_only_true_is_ready(ready: str) -> None:
    assert not members(f"member|edge-1|{ready}|-|-|-|v1.36.3+k3s1||\n")["edge-1"].ready


def test_a_plain_agent_is_nothing_else() -> None:
    member = members("member|edge-2|True|-|-|-|v1.36.3+k3s1||\n")["edge-2"]
    assert (member.cordoned, member.ours, member.server) == (False, False, False)
    assert (dict(member.labels), member.taints) == ({}, ())


def test_a_cut_off_or_foreign_line_is_no_member() -> None:
    out = (
        "Warning: something is deprecated\n"
        "member|edge-1|True|-|-|true|v1.36.3+k3s1|a=b,|\n"
        "other|edge-2|True|-|-|-|v1.36.3+k3s1|a=b,|\n"
        "member|edge-3|True|-|-\n"
        "member\n"
        "\n"
    )
    assert list(members(out)) == ["edge-1"]


@given(st.lists(st.text("member|\tTrue,=:-\n01"), max_size=4).map("".join))
def test_whatever_a_server_prints_is_read_without_a_mistake(out: str) -> None:
    for name, member in members(out).items():
        assert member.name == name


def test_the_way_to_a_cluster_is_its_ca_and_its_kubeconfig() -> None:
    out = f"ca-sha256|{'a' * 64}\nkubeconfig|{ENCODED}\n"
    access = Cluster(Scripted({"access": out})).access()
    assert access == Access("a" * 64, KUBECONFIG)
    assert "client-key-data" not in repr(access)


@pytest.mark.parametrize(
    "out",
    [
        "",
        f"ca-sha256|{'a' * 64}\n",
        f"kubeconfig|{ENCODED}\n",
        f"ca-sha256|{'a' * 64}\nkubeconfig|\n",
        f"ca-sha256|\nkubeconfig|{ENCODED}\n",
        f"ca-sha256|{'a' * 64}\nkubeconfig|{ENCODED[:-3]}\n",
        f"ca-sha256|{'a' * 64}\nkubeconfig|no base64!\n",
        f"ca-sha256|{'a' * 64}\nkubeconfig|/w==\n",
        f"ca-sha256 {'a' * 64}\nkubeconfig {ENCODED}\n",
    ],
    ids=[
        *("nothing", "no kubeconfig", "no ca", "an empty kubeconfig", "an empty ca", "cut off"),
        *("no base64", "no text", "no tabs"),
    ],
)
def test_a_damaged_way_to_a_cluster_is_refused(out: str) -> None:
    with pytest.raises(NodeError, match="the server has no kubeconfig"):
        Cluster(Scripted({"access": out})).access()


def test_the_kubeconfig_is_counted_in_the_transcript_and_not_shown() -> None:
    session = Scripted({"access": f"ca-sha256|{'a' * 64}\nkubeconfig|{ENCODED}\n"})
    said = said_by(session)
    Cluster(session).access()
    told = "\n".join(said)
    assert ENCODED not in told
    assert "kubeconfig" not in told
    assert told.startswith("> /bin/sh -c [script] shimyard access\n")
    assert told.endswith(f"{11 + 64 + 12 + len(ENCODED)} received")


def test_words_of_kubectl_are_the_error_of_a_node() -> None:
    session = Scripted({"cordon": (1, "", "error: the server is away\nnodes 'x' not found\n")})
    with pytest.raises(NodeError) as caught:
        Cluster(session).cordon("edge-9")
    error = caught.value
    # Not the server that was asked.
    assert (error.node, error.step, error.cause) == ("edge-9", "cordon", "nodes 'x' not found")
    assert error.log == ("error: the server is away", "nodes 'x' not found")


def test_a_command_that_fails_without_a_word_is_told_by_its_exit_code() -> None:
    with pytest.raises(NodeError, match=r"exit code 1\."):
        Cluster(Scripted({"forget": (1, "", "")})).forget("edge-2")


def test_sudo_that_refuses_is_told_as_such() -> None:
    session = Scripted({"members": (1, "", "sudo: a password is required\n")})
    with pytest.raises(NodeError, match="sudo refuses edge"):
        Cluster(session).members()


def test_a_drain_tells_its_lines_while_pods_leave() -> None:
    told: list[str] = []
    session = Scripted({"drain": "evicting pod shop/a\npod/a evicted\nheld|shop/front|1|1|b\n"})
    said = said_by(session)
    Cluster(session).drain("edge-2", **DRAIN, on_line=told.append)  # type: ignore[arg-type]
    assert told == ["evicting pod shop/a", "pod/a evicted"]
    assert said[0] == "> /bin/sh -c [script] shimyard drain edge-2 300 -1 yes no"


def test_a_drain_that_fails_says_what_can_hold_a_pod() -> None:
    session = Scripted({"drain": (1, "", "error: global timeout reached: 5m0s\n")})
    with pytest.raises(NodeError) as caught:
        Cluster(session).drain("edge-2", **{**DRAIN, "grace_period": 0})  # type: ignore[arg-type]
    assert caught.value.cause == "error: global timeout reached: 5m0s"
    assert "rollout.drain.force" in caught.value.mend


def test_a_budget_that_holds_pods_is_named_with_them_and_kubectls_line_about_it_is_quoted() -> None:
    out = "evicting pod shop/a\nheld|shop/front|2|2|a b\nheld|shop/cut off\nheld|other/one|1|1|c\n"
    held = (
        'error when evicting pods/"a" -n "shop" (will retry after 5s): Cannot evict pod as it '
        "would violate the pod's disruption budget."
    )
    last = [f"line {number}" for number in range(8)]
    session = Scripted({"drain": (1, out, "\n".join([held, held, *last]))})
    with pytest.raises(NodeError) as caught:
        Cluster(session).drain("edge-2", **DRAIN)  # type: ignore[arg-type]
    assert caught.value.cause == (
        "the disruption budget shop/front spares no pod (2 healthy, 2 needed), so a, b can't "
        "leave; the disruption budget other/one spares no pod (1 healthy, 1 needed), so c can't "
        "leave"
    )
    assert caught.value.log == (held, *last[2:])
    assert "minAvailable" in caught.value.mend


def test_labels_and_taints_are_set_and_taken_away_and_nothing_is_asked_for_nothing() -> None:
    session = Scripted({})
    said = said_by(session)
    cluster = Cluster(session)
    cluster.describe("edge-2", {"a": "b", "gone": None}, ["old:NoSchedule-", "x=y:NoExecute"])
    cluster.describe("edge-2", {}, [])
    assert [line for text in said for line in text.split("\n") if line.startswith(">")] == [
        "> /bin/sh -c [script] shimyard label edge-2 a=b gone-",
        "> /bin/sh -c [script] shimyard taint edge-2 old:NoSchedule- x=y:NoExecute",
    ]
