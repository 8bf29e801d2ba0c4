"""What machines and servers answer is understood; what was cut off is not taken for an answer."""

from __future__ import annotations

import base64
import json

import pytest

from shimyard.doctor.certificates import certificate
from shimyard.doctor.cluster import ClusterFacts, End, Pod, RuntimeClass
from shimyard.doctor.machine import Disk, MachineFacts, Program, Runtime
from shimyard.doctor.worlds import World, unserved, world
from tests.unit.doctor.authorities import pem_body
from tests.unit.doctor.examples import CLUSTER, MACHINE, NOW, POD, SHIM, changed, more


def test_every_line_of_a_machine_is_read() -> None:
    body, config = pem_body(NOW), base64.b64encode(b'{"component": {"imports": ["a"]}}').decode()
    lines = f"certificate|/x/client.crt|{body}\nworld|sha256:aa|{config}\ndisk|/|1|1|1|1\n"
    lines += f"starved|/kubepods/pod0a/{'ab' * 32}\nstarved|/user.slice\n"
    told = MachineFacts.parse(changed(MACHINE, [more(lines)]))
    assert told.programs[SHIM] == Program("runs", "wasmtime")
    assert told.runtimes["wasmtime"] == Runtime("io.containerd.wasmtime.v1")
    assert (told.config, told.daemon, told.started) == ("read", "active", NOW - 3600)
    assert told.written == {"/etc/containerd/config.toml": NOW - 3601}
    assert told.plugins == {"io.containerd.cri.v1/runtime": "ok", "io.containerd.grpc.v1/cri": "ok"}
    # A file system counts once, however many folders of ours are on it.
    assert told.disks == (
        Disk("/", 40_000_000, 20_000_000, 2_500_000, 2_000_000),
        Disk("/run", 1_000_000, 900_000, 250_000, 249_000),
    )
    assert [(each.path, each.ends) for each in told.certificates] == [("/x/client.crt", NOW)]
    assert told.worlds == {"sha256:aa": World(("a",), ())}
    assert told.starved == {"ab" * 32}


def test_every_line_of_a_cluster_is_read() -> None:
    lines = (
        "pod|shop|late|-|shimyard-wasmtime\nunscheduled|shop|late|no node\n"
        f"{POD}ended|shop|greeter-1|greeter|137|Error|containerd://ab\nlimit|shop|greeter-1|greeter|16Mi\n"
        "image|shop|greeter-1|greeter|registry.lab/greeter@sha256:aa\n"
    )
    told = ClusterFacts.parse(changed(CLUSTER, [more(lines)]))
    assert sorted(told.members) == ["edge-1", "edge-2"]
    assert told.members["edge-1"].server
    assert told.handlers["edge-2"] == {"-", "runc", "wasmtime"}
    assert told.classes == {
        "shimyard-wasmtime": RuntimeClass("wasmtime", {"handler.shimyard.dev/wasmtime": "true"})
    }
    late, greeter = told.pods
    assert late == Pod("shop", "late", "", "shimyard-wasmtime", "no node")
    assert greeter == Pod(
        "shop", "greeter-1", "edge-2", "shimyard-wasmtime", "",
        (End("greeter", 137, "Error", "ab"),), {"greeter": "16Mi"}, {"greeter": "sha256:aa"},
    )  # fmt: skip


@pytest.mark.parametrize("count", range(0, 20, 3))
def test_an_answer_that_was_cut_off_is_refused(count: int) -> None:
    for text, parse in ((MACHINE, MachineFacts.parse), (CLUSTER, ClusterFacts.parse)):
        lines = changed(text, []).splitlines(keepends=True)[:-1]
        with pytest.raises(ValueError, match="ends in the middle"):
            parse("".join(lines[:count]))


@pytest.mark.parametrize("body", ["", "AAAA", "no base64", "-----BEGIN", "é"])
def test_what_is_no_certificate_is_passed_over(body: str) -> None:
    assert certificate("/x", body) is None


@pytest.mark.parametrize(
    "config", ["", "e30=", "no", base64.b64encode(b'{"component": 3}').decode(), "W10=", "bnVsbA=="]
)
def test_what_names_no_component_has_no_world(config: str) -> None:
    assert world(config) is None


@pytest.mark.parametrize(
    ("shim", "version", "interface", "why"),
    [
        ("wasmtime", "0.6.0", "wasi:http/types@0.2.99", None),
        ("wasmtime", "0.6.0", "wasi:http/types@0.3.0", "has wasi:http/types@0.3.0, and the engine"),
        (
            "wasmtime",
            "1.0.1-lab.2",
            "wasi:cli/run@0.3.1",
            "of wasmtime 1.0.1-lab.2 ends at WASI 0.2",
        ),
        # Nobody has looked what a later shim serves.
        ("wasmtime", "9.0.0", "wasi:cli/run@0.3.0", None),
        ("spin", "0.24.0", "wasi:http/types@0.2.0", None),
        ("wasmedge", "0.6.0", "wasi:http/types@0.2.0", "and WasmEdge serves no wasi:http"),
        ("wasmer", "0.6.0", "wasi:cli/run@0.2.0", None),
        ("wasmtime", "0.6.0", "acme:shop/cart@3.0.0", None),
    ],
)
def test_only_what_is_known_against_a_world_is_said(
    shim: str, version: str, interface: str, why: str | None
) -> None:
    found = world(
        base64.b64encode(json.dumps({"component": {"exports": [interface]}}).encode()).decode()
    )
    assert found is not None
    told = unserved(found, shim, version)
    assert told is None if why is None else why in str(told)
