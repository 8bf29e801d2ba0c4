"""Whichever link is broken, the first one is named, with what was seen and what to do."""

from __future__ import annotations

import pytest

from shimyard.doctor.examination import Examination, Silence
from shimyard.doctor.links import LINKS, Link
from shimyard.doctor.truth import Row, truth
from shimyard.node.paths import STORE
from tests.unit.doctor.examples import (
    LABELS,
    NOW,
    SHIM,
    STALE,
    Change,
    cluster,
    examination,
    machine,
    more,
    settings,
)

AGAIN = "run `make refresh STACK=lab`, which shows it as drift, then `make up STACK=lab`"
RUN = f"program|{SHIM}|runs|wasmtime\n"
WASMTIME = "runtime|wasmtime|runtime_type|io.containerd.wasmtime.v1\n"
REPORTED = "handler|edge-2|wasmtime\n"
UNREAD = more(f"written|{STALE}|{NOW - 60:.0f}\n")
RESTART = "run `systemctl restart containerd` there"


def row(of: Examination, node: str = "edge-2", handler: str = "wasmtime") -> Row:
    (found,) = (each for each in truth(of) if (each.node, each.handler) == (node, handler))
    return found


def first(of: Examination, node: str = "edge-2", handler: str = "wasmtime") -> Link:
    link = row(of, node, handler).broken
    assert link is not None
    return link


def states(found: Row) -> list[str]:
    return [link.state for link in found.links]


def test_a_healthy_cluster_has_every_link_of_every_handler_of_every_node() -> None:
    rows = truth(examination())
    assert [(each.node, each.handler) for each in rows] == [
        ("edge-1", "runc"), ("edge-1", "wasmtime"), ("edge-2", "runc"), ("edge-2", "wasmtime"),
    ]  # fmt: skip
    assert all(each.broken is None for each in rows)
    assert all([link.name for link in each.links] == list(LINKS) for each in rows)
    assert states(rows[1]) == ["ok"] * 6
    assert rows[1].links[5].reason == "passed in 203 ms, 2 h ago"
    # Nobody has asked for a RuntimeClass of ordinary containers.
    assert states(rows[0]) == ["ok", "ok", "ok", "not applicable", "ok", "ok"]
    assert not any(link.mend for each in rows for link in each.links)


@pytest.mark.parametrize(
    ("facts", "told", "link", "reason", "mend"),
    [
        ([], [(RUN, "")], "shim", f"{SHIM} is not there", AGAIN),
        (
            [],
            [(RUN, f"program|{SHIM}|dangling|/gone\n")],
            "shim",
            f"{SHIM} leads to /gone, which is not there",
            AGAIN,
        ),
        ([], [(RUN, f"program|{SHIM}|not-executable\n")], "shim", "is not executable", AGAIN),
        ([], [(RUN, f"program|{SHIM}|fails|no libwasm\n")], "shim", "run: no libwasm", "`ldd`"),
        (
            [("store|aa|sound", "store|aa|broken|containerd-shim-wasmtime-v1")],
            [(RUN, f"program|{SHIM}|fails|\nbroken|aa|containerd-shim-wasmtime-v1 \n")],
            "shim",
            "is not what it was when it was verified",
            AGAIN,
        ),
        (
            [("resource|container-runtime|3\n", "")],
            [(RUN, "")],
            "shim",
            "Shimyard has not set up",
            "run `make up STACK=lab`",
        ),
        ([], [("config|read", "config|absent")], "config", "there is no containerd with", AGAIN),
        (
            [],
            [("config|read", "config|refused|line 3: no table")],
            "config",
            "containerd refuses its configuration: line 3: no table",
            "correct what it complains of",
        ),
        ([], [(WASMTIME, "")], "config", "its type is empty", "take away the file"),
        (
            [],
            [(WASMTIME, ""), ("runtime|wasmtime|runtime_path|\n", "")],
            "config",
            "has no handler 'wasmtime'",
            AGAIN,
        ),
        (
            [],
            [("io.containerd.wasmtime.v1", "io.containerd.other.v1")],
            "config",
            "its type is io.containerd.other.v1 and not io.containerd.wasmtime.v1",
            "take away the file",
        ),
        (
            [],
            [("runtime|wasmtime|runtime_path|", "runtime|wasmtime|runtime_path|/opt/it")],
            "config",
            f"its program is /opt/it and not {SHIM}",
            "take away the file",
        ),
        (
            [],
            [("daemon|active", "daemon|failed")],
            "cri",
            "containerd.service is failed",
            "`journalctl -u containerd`",
        ),
        (
            [],
            [("io.containerd.cri.v1/runtime|ok", "io.containerd.cri.v1/runtime|error")],
            "cri",
            "its plugin io.containerd.cri.v1/runtime has status error",
            "`journalctl -u containerd`",
        ),
        (
            [("canary|container-runtime|wasmtime", "canary|container-runtime|gone")],
            [],
            "canary",
            "no canary of it is on record",
            AGAIN,
        ),
        (
            [("wasmtime|passed|203", "wasmtime|failed|203")],
            [],
            "canary",
            "the last canary has failed",
            AGAIN,
        ),
    ],
)
def test_a_broken_link_on_the_machine_is_named_with_its_mend(
    facts: list[Change], told: list[Change], link: str, reason: str, mend: str
) -> None:
    of = examination(edge_2=machine(facts, told))
    found = first(of)
    assert (found.name, found.state) == (link, "broken")
    assert reason in found.reason
    assert mend in found.mend
    assert row(of, "edge-1").broken is None


@pytest.mark.parametrize(
    ("changes", "link", "reason"),
    [
        (
            [("class|shimyard-wasmtime|wasmtime|handler.shimyard.dev/wasmtime=true,\n", "")],
            "class",
            "there is no RuntimeClass 'shimyard-wasmtime'",
        ),
        (
            [("class|shimyard-wasmtime|wasmtime|", "class|shimyard-wasmtime|other|")],
            "class",
            "RuntimeClass 'shimyard-wasmtime' leads to handler 'other'",
        ),
        (
            [("wasmtime|handler.shimyard.dev/wasmtime=true,\n", "wasmtime|\n")],
            "class",
            "does not ask for handler.shimyard.dev/wasmtime: pods land where it is missing",
        ),
        (
            [(f"edge-2|True|-|-|-|v1.36.3+k3s1|{LABELS}", "edge-2|True|-|-|-|v1.36.3+k3s1|a=b,")],
            "label",
            "handler.shimyard.dev/wasmtime is not set",
        ),
        (
            [(f"member|edge-2|True|-|-|-|v1.36.3+k3s1|{LABELS}|\n", "")],
            "label",
            "the cluster has no such node",
        ),
    ],
)
def test_a_broken_link_in_the_cluster_is_named_with_its_mend(
    changes: list[Change], link: str, reason: str
) -> None:
    found = first(examination(of_cluster=cluster(changes)))
    assert found.name == link
    assert found.reason == reason or reason in found.reason
    assert AGAIN in found.mend


def test_a_label_that_no_canary_stands_behind_says_so() -> None:
    gone = (f"edge-2|True|-|-|-|v1.36.3+k3s1|{LABELS}", "edge-2|True|-|-|-|v1.36.3+k3s1|")
    proof = ("canary|container-runtime|wasmtime", "canary|container-runtime|gone")
    found = first(examination(edge_2=machine([proof]), of_cluster=cluster([gone])))
    assert found.reason.endswith("is not set, since no canary has passed")


@pytest.mark.parametrize(
    ("told", "reason", "mend"),
    [
        ([], "the kubelet reports only runc, though containerd's configuration has it", RESTART),
        ([UNREAD], f"reports only runc: {STALE} was written after containerd started", RESTART),
    ],
)
def test_what_the_kubelet_reports_is_the_cris_view(
    told: list[Change], reason: str, mend: str
) -> None:
    found = first(examination(edge_2=machine(told=told), of_cluster=cluster([(REPORTED, "")])))
    assert found.name == "cri"
    assert reason in found.reason
    assert mend in found.mend


def test_a_kubelet_that_reports_it_is_believed_whatever_was_written_since() -> None:
    assert row(examination(edge_2=machine(told=[UNREAD]))).broken is None


def test_an_old_word_of_a_kubelet_that_is_gone_does_not_count() -> None:
    gone = cluster([("edge-2|True", "edge-2|Unknown")])
    late = first(examination(edge_2=machine(told=[UNREAD]), of_cluster=gone))
    assert (late.name, late.reason.partition(" ")[0]) == ("cri", STALE)


def test_where_no_kubelet_tells_containerd_itself_is_asked() -> None:
    alone = settings(servers=())
    of = examination(wanted=alone)
    assert states(row(of)) == ["ok", "ok", "ok", "not applicable", "not applicable", "ok"]
    assert row(of).links[2].reason == "containerd has started since its configuration was written"
    late = first(examination(wanted=alone, edge_2=machine(told=[UNREAD])))
    assert late.name == "cri"
    assert late.reason.startswith(f"{STALE} was written after containerd started")
    mute = machine(told=[("plugin|io.containerd.cri.v1/runtime|ok\n", ""),
                         ("plugin|io.containerd.grpc.v1/cri|ok\n", "")])  # fmt: skip
    assert row(examination(wanted=alone, edge_2=mute)).links[2].state == "unknown"
    # A kubelet older than Kubernetes 1.31 reports none at all.
    old = cluster([("handler|edge-2|-\nhandler|edge-2|runc\nhandler|edge-2|wasmtime\n", "")])
    assert row(examination(of_cluster=old)).links[2].state == "ok"


def test_a_link_that_does_not_lead_into_the_store_is_no_reason_to_stumble() -> None:
    elsewhere = machine([(f"{STORE}/aa/containerd-shim-wasmtime-v1", "plain")])
    assert row(examination(edge_2=elsewhere)).broken is None


def test_the_first_of_many_broken_links_is_the_one_to_mend() -> None:
    everything = [
        (RUN, ""), (WASMTIME, ""), ("daemon|active", "daemon|failed"),
    ]  # fmt: skip
    assert first(examination(edge_2=machine(told=everything))).name == "shim"
    assert first(examination(edge_2=machine(told=everything[1:]))).name == "config"
    assert first(examination(edge_2=machine(told=everything[2:]))).name == "cri"


def test_a_dead_runc_is_the_ordinary_containers_alone() -> None:
    gone = [("program|/usr/local/bin/runc|runs|runc version 1.5.2\n", "")]
    of = examination(edge_2=machine(told=gone))
    assert first(of, handler="runc").reason == "/usr/local/bin/runc is not there"
    assert row(of).broken is None


def test_of_who_does_not_answer_nothing_is_claimed() -> None:
    of = examination(edge_2=Silence("no connection", "look"))
    assert states(row(of)) == ["unknown", "unknown", "unknown", "ok", "ok", "unknown"]
    assert "no connection" in row(of).links[0].reason
    of = examination(of_cluster=Silence("nobody answers", "look"))
    assert states(row(of)) == ["ok", "ok", "ok", "unknown", "unknown", "ok"]
    assert row(of).broken is None
