"""The truth of a node whose containerd K3s brings: other files, another service, the same links."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from shimyard.doctor.examination import Examination
from shimyard.doctor.links import Link
from shimyard.doctor.truth import truth
from shimyard.node.k3s_containerd import TEMPLATE_PATH
from shimyard.node.paths import STORE
from tests.unit.doctor.examples import NOW, Change, cluster, examination, machine, settings

SHIM = f"{STORE}/aa/containerd-shim-wasmtime-v1"
AGAIN = "run `make refresh STACK=lab`"
ON_NODE: list[Change] = [
    ("resource|container-runtime|3\n", ""),
    (
        "have|container-runtime|link|/usr/local/bin/containerd-shim-wasmtime-v1|",
        "have|k3s-agent|store|aa|",
    ),
    ("canary|container-runtime|", "canary|k3s-agent|"),
    ("unit|containerd.service|loaded|active|enabled\n", ""),
]
LOST = ("daemon|active", "broken|aa|containerd-shim-wasmtime-v1 \ndaemon|active")
TOLD: list[Change] = [
    ("program|/usr/local/bin/containerd-shim-runc-v2|runs|2.4.2\n", ""),
    ("program|/usr/local/bin/runc|runs|runc version 1.5.2\n", ""),
    ("program|/usr/local/bin/containerd-shim-wasmtime-v1|", f"program|{SHIM}|"),
    ("runtime|wasmtime|runtime_path|\n", f"runtime|wasmtime|runtime_path|{SHIM}\n"),
    ("/etc/containerd/config.toml", TEMPLATE_PATH),
]


def asked(
    facts: Sequence[Change] = (), told: Sequence[Change] = (), **said: Sequence[Change]
) -> Examination:
    """Two machines with K3s's own containerd; the agent with these differences."""
    wanted = settings(
        runtime={"shims": [{"name": "wasmtime", "version": "0.6.0"}]},
        cluster={"version": "1.36.3+k3s1", "servers": ["edge-1"], "containerd": "embedded"},
    )
    server = machine([*ON_NODE, ("resource|k3s-agent|1", "resource|k3s-server|1")], TOLD)
    agent = machine([*ON_NODE, *facts], [*TOLD, *told])
    answers = {"edge-1": server, "edge-2": agent}
    return examination(wanted=wanted, machines=answers, of_cluster=cluster(said.get("says", ())))


def first(of: Examination, handler: str = "wasmtime") -> Link:
    (row,) = (each for each in truth(of) if (each.node, each.handler) == ("edge-2", handler))
    assert row.broken is not None
    return row.broken


def test_a_healthy_cluster_has_every_link_of_every_handler_of_every_node() -> None:
    rows = truth(asked())
    assert [each.broken for each in rows] == [None] * 4
    by_handler = {each.handler: each for each in rows if each.node == "edge-2"}
    assert by_handler["runc"].links[0].reason == "K3s brings it"
    assert by_handler["wasmtime"].links[0].reason == f"{SHIM} runs"


@pytest.mark.parametrize(
    ("facts", "told", "link", "reason", "mend"),
    [
        (
            [("resource|k3s-agent|1\n", "")],
            [],
            "shim",
            "Shimyard has not set up the machine's container runtime",
            "run `make up STACK=lab`",
        ),
        ([], [(f"program|{SHIM}|runs|wasmtime\n", "")], "shim", "is not there", AGAIN),
        (
            [("store|aa|sound", "store|aa|broken|containerd-shim-wasmtime-v1")],
            [LOST],
            "shim",
            f"{SHIM} is not what it was when it was verified",
            AGAIN,
        ),
        (
            [],
            [LOST],
            "shim",
            f"{SHIM} is not what it was when it was verified",
            f"`rm -r /var/lib/shimyard/store/aa` on it, then {AGAIN}",
        ),
        (
            [],
            [
                ("runtime|wasmtime|runtime_type|io.containerd.wasmtime.v1\n", ""),
                (f"runtime|wasmtime|runtime_path|{SHIM}\n", ""),
            ],
            "config",
            f"{TEMPLATE_PATH}, with all that it imports, has no handler 'wasmtime'",
            AGAIN,
        ),
        (
            [],
            [(f"runtime_path|{SHIM}", "runtime_path|/opt/shim")],
            "config",
            f"its program is /opt/shim and not {SHIM}",
            f"take away the file that {TEMPLATE_PATH} imports",
        ),
        (
            [],
            [("daemon|active", "daemon|failed")],
            "cri",
            "k3s-agent.service is failed",
            "see `journalctl -u k3s-agent` on the machine",
        ),
        (
            [("canary|k3s-agent|wasmtime|passed|203|", "canary|k3s-agent|other|passed|203|")],
            [],
            "canary",
            "no canary",
            AGAIN,
        ),
    ],
    ids=[
        "no K3s",
        "no shim",
        "changed shim",
        "lost shim",
        "no handler",
        "another shim",
        "down",
        "no canary",
    ],
)
def test_a_broken_link_is_named_with_its_mend(
    facts: list[Change], told: list[Change], link: str, reason: str, mend: str
) -> None:
    found = first(asked(facts, told))
    assert found.name == link
    assert reason in found.reason
    assert mend in found.mend


def test_a_template_that_k3s_has_not_read_yet_asks_for_a_restart_of_k3s() -> None:
    late = [
        (f"written|{TEMPLATE_PATH}|{NOW - 3601:.0f}", f"written|{TEMPLATE_PATH}|{NOW - 60:.0f}")
    ]
    found = first(asked([], late, says=[("handler|edge-2|wasmtime\n", "")]))
    assert (found.name, f"{TEMPLATE_PATH} was written after" in found.reason) == ("cri", True)
    assert "run `systemctl restart k3s-agent` there" in found.mend
