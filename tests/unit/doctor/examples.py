"""A healthy cluster of a server and an agent, as their programs tell of it; and what differs.

Stand-in: the answers are written here. That real nodes answer so is shown in
tests/engine/cluster/test_doctor.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examination, Examined, Silence
from shimyard.doctor.machine import MachineFacts
from shimyard.node.facts import Facts
from shimyard.node.paths import STORE
from shimyard.settings import StackSettings

NOW = 1_800_000_000.0
SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"
STALE = "/etc/containerd/conf.d/x.toml"

FACTS = f"""\
arch|x86_64
machine|0123
clock|{NOW:.0f}
space|/var/lib|9000000|900000|writable
resource|container-runtime|3
resource|k3s-agent|1
have|container-runtime|link|{SHIM}|{STORE}/aa/containerd-shim-wasmtime-v1
canary|container-runtime|runc|passed|120|{NOW - 30:.0f}
canary|container-runtime|wasmtime|passed|203|{NOW - 7200:.0f}
store|aa|sound
unit|containerd.service|loaded|active|enabled
unit|k3s-agent.service|loaded|active|enabled
end
"""
MACHINE = f"""\
program|/usr/local/bin/containerd-shim-runc-v2|runs|2.4.2
program|/usr/local/bin/runc|runs|runc version 1.5.2
program|{SHIM}|runs|wasmtime
config|read
runtime|runc|runtime_type|io.containerd.runc.v2
runtime|runc|runtime_path|
runtime|wasmtime|runtime_type|io.containerd.wasmtime.v1
runtime|wasmtime|runtime_path|
daemon|active
started|{NOW - 3600:.0f}
written|/etc/containerd/config.toml|{NOW - 3601:.0f}
plugin|io.containerd.cri.v1/runtime|ok
plugin|io.containerd.grpc.v1/cri|ok
disk|/|40000000|20000000|2500000|2000000
disk|/run|1000000|900000|250000|249000
end
"""
LABELS = "handler.shimyard.dev/runc=true,handler.shimyard.dev/wasmtime=true,"
CLUSTER = f"""\
member|edge-1|True|-|-|true|v1.36.3+k3s1|{LABELS}|
member|edge-2|True|-|-|-|v1.36.3+k3s1|{LABELS}|
handler|edge-1|-
handler|edge-1|runc
handler|edge-1|wasmtime
handler|edge-2|-
handler|edge-2|runc
handler|edge-2|wasmtime
class|shimyard-wasmtime|wasmtime|handler.shimyard.dev/wasmtime=true,
end
"""
POD = "pod|shop|greeter-1|edge-2|shimyard-wasmtime\n"

Change = tuple[str, str]
"""A text and what stands there instead."""


def wire(text: str) -> str:
    """With tabs, as a node sends it."""
    return text.replace("|", "\t")


def changed(text: str, changes: Sequence[Change]) -> str:
    """``text`` with each of them; one that changes nothing is a mistake of the test."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return wire(text)


def settings(*, servers: Sequence[str] = ("edge-1",), **changes: Any) -> StackSettings:
    """Two machines with the wasmtime shim; without ``servers`` no cluster."""
    sections: dict[str, Any] = {
        "ssh": {"user": "edge", "agent": True},
        "nodes": [
            {"name": "edge-1", "address": "192.0.2.1"},
            {"name": "edge-2", "address": "192.0.2.2"},
        ],
        "runtime": {
            "containerd": {"version": "2.4.2"},
            "runc": {"version": "1.5.2"},
            "shims": [{"name": "wasmtime", "version": "0.6.0"}],
        },
    }
    if servers:
        sections["cluster"] = {"version": "1.36.3+k3s1", "servers": list(servers)}
    return StackSettings.model_validate({**sections, **changes})


def machine(
    facts: Sequence[Change] = (), told: Sequence[Change] = (), *, skew: float = 0.0
) -> Examined:
    """A machine that has answered with these differences."""
    return Examined(
        Facts.parse(changed(FACTS, facts)), MachineFacts.parse(changed(MACHINE, told)), skew
    )


def cluster(changes: Sequence[Change] = ()) -> ClusterFacts:
    """What the server says, with these differences."""
    return ClusterFacts.parse(changed(CLUSTER, changes))


def more(lines: str) -> Change:
    """Further lines of an answer."""
    return ("\nend\n", f"\n{lines}end\n")


def examination(
    *,
    edge_2: Examined | Silence | None = None,
    of_cluster: ClusterFacts | Silence | None = None,
    wanted: StackSettings | None = None,
    machines: Mapping[str, Examined | Silence] | None = None,
) -> Examination:
    """All is well but for what is given; ``edge_2`` is the agent."""
    found = wanted or settings()
    answers = machines or {"edge-1": machine(), "edge-2": edge_2 or machine()}
    without = None if found.cluster is None else cluster()
    return Examination("lab", found, NOW, answers, of_cluster or without)
