"""Everything else that is wrong has its sentence, its severity and its mend."""

from __future__ import annotations

import base64
import json

import pytest

from shimyard.doctor.examination import Examination, Silence
from shimyard.doctor.findings import Finding, findings
from tests.unit.doctor.authorities import DAY, pem_body
from tests.unit.doctor.examples import (
    LABELS,
    NOW,
    POD,
    Change,
    cluster,
    examination,
    machine,
    more,
    settings,
)

CONTAINER = "0123456789abcdef" * 4
ENDED = f"ended|shop|greeter-1|greeter|137|Error|containerd://{CONTAINER}\n"
LIMIT = "limit|shop|greeter-1|greeter|16Mi\n"
SERVER = f"edge-1|True|-|-|true|v1.36.3+k3s1|{LABELS}"
AGENT = f"edge-2|True|-|-|-|v1.36.3+k3s1|{LABELS}"
TLS = "/var/lib/rancher/k3s/server/tls"


def only(of: Examination) -> Finding:
    (found,) = findings(of)
    return found


def of_pods(lines: str, *changes: Change) -> Examination:
    return examination(of_cluster=cluster([*changes, more(POD + lines)]))


def test_a_healthy_cluster_has_none() -> None:
    assert findings(examination()) == ()
    assert findings(examination(wanted=settings(servers=()))) == ()
    # A pod that ended by itself, one of another class, and one that was moved are no findings.
    well = "ended|shop|greeter-1|greeter|0|Completed\nended|shop|greeter-1|greeter|1|Error\n"
    assert findings(of_pods(well)) == ()
    other = "pod|shop|native|edge-2|kata\nended|shop|native|native|137|Error\n"
    assert findings(of_pods(other)) == ()


def test_who_does_not_answer_is_told_with_the_mend_of_the_connection() -> None:
    found = only(examination(edge_2=Silence("no connection to edge@192.0.2.2", "is it on?")))
    assert (found.kind, found.node, found.mend) == ("unreachable", "edge-2", "is it on?")
    found = only(examination(of_cluster=Silence("edge-1: refused", "bring it back")))
    assert (found.kind, found.node) == ("unreachable", "")
    assert found.sentence == "no server of the cluster can be asked: edge-1: refused"


@pytest.mark.parametrize(
    ("change", "kind", "severity", "sentence", "mend"),
    [
        (
            (f"member|{AGENT}|\n", ""),
            "member",
            "broken",
            "no node of this name",
            "restart k3s-agent",
        ),
        (
            ("edge-2|True", "edge-2|Unknown"),
            "not-ready",
            "broken",
            "does not count it as Ready",
            "`journalctl -u k3s-agent.service`",
        ),
        (
            ("edge-2|True|-|-", "edge-2|True|true|-"),
            "cordoned",
            "warning",
            "somebody has cordoned it",
            "`kubectl uncordon edge-2`",
        ),
        (
            ("edge-2|True|-|-", "edge-2|True|true|yes"),
            "cordoned",
            "warning",
            "a change of Shimyard's has cordoned it",
            "run `make refresh STACK=lab`",
        ),
    ],
)
def test_a_node_that_is_out_of_service_is_told(
    change: Change, kind: str, severity: str, sentence: str, mend: str
) -> None:
    found = only(examination(of_cluster=cluster([change])))
    assert (found.kind, found.severity, found.node) == (kind, severity, "edge-2")
    assert sentence in found.sentence
    assert mend in found.mend


def test_a_machine_that_was_never_set_up_as_a_node_is_told_to_be_deployed() -> None:
    new = machine([("resource|k3s-agent|1\n", "")])
    gone = cluster([(f"member|{AGENT}|\n", "")])
    found = findings(examination(edge_2=new, of_cluster=gone))
    assert ("member", "run `make up STACK=lab`") in [(each.kind, each.mend) for each in found]


@pytest.mark.parametrize(
    ("change", "kind", "severity", "sentence", "mend"),
    [
        (
            more("pending|generations/4\n"),
            "change",
            "broken",
            "a change was cut off",
            "run `make refresh STACK=lab`, which takes it back, then `make up STACK=lab`",
        ),
        (
            more("pending|generations/4\nrunning|shimyard-transaction.service\n"),
            "change",
            "warning",
            "at work on a change",
            "wait",
        ),
        (
            ("unit|k3s-agent.service|loaded|active", "unit|k3s-agent.service|loaded|failed"),
            "service",
            "broken",
            "k3s-agent.service is failed",
            "`journalctl -u k3s-agent.service`",
        ),
        (
            more("guest|lost|guest|1020|wasmtime|k8s.io|greeter\n"),
            "orphan",
            "broken",
            "process 1020 of container greeter in namespace k8s.io runs on",
            "it ends the process",
        ),
        (
            ("/var/lib|9000000|900000|writable", "/var/lib|9000000|900000|read-only"),
            "disk",
            "broken",
            "/var/lib is read-only",
            "replace it",
        ),
    ],
)
def test_what_is_wrong_with_a_machine_is_told(
    change: Change, kind: str, severity: str, sentence: str, mend: str
) -> None:
    found = only(examination(edge_2=machine([change])))
    assert (found.kind, found.severity, found.node) == (kind, severity, "edge-2")
    assert sentence in found.sentence
    assert mend in found.mend


def test_a_dead_containerd_is_a_link_of_its_handlers_and_not_told_twice() -> None:
    dead = machine(
        [("unit|containerd.service|loaded|active", "unit|containerd.service|loaded|failed")]
    )
    assert findings(examination(edge_2=dead)) == ()


@pytest.mark.parametrize(
    "group",
    [
        f"/kubepods/burstable/pod0a1b/{CONTAINER}",
        f"/kubepods.slice/kubepods-pod0a1b.slice/cri-containerd-{CONTAINER}.scope",
    ],
)
@pytest.mark.parametrize(
    ("limit", "memory", "mend"),
    [
        (LIMIT, "its limit of memory is 16Mi", "raise its limit of memory"),
        ("", "it has no limit of memory", "the machine itself had none left"),
    ],
)
def test_a_wasm_pod_that_the_kernel_killed_for_memory_is_told_with_its_limit(
    group: str, limit: str, memory: str, mend: str
) -> None:
    starved = machine(told=[more(f"starved|{group}\n")])
    of_cluster = cluster([more(POD + ENDED + limit)])
    found = only(examination(edge_2=starved, of_cluster=of_cluster))
    assert (found.kind, found.severity, found.node) == ("memory", "broken", "edge-2")
    assert found.sentence == (
        f"container greeter of shop/greeter-1 was killed by the kernel for memory (exit code "
        f"137): {memory}"
    )
    assert found.mend.startswith(mend)


def test_a_wasm_pod_that_something_else_killed_is_a_warning() -> None:
    other = machine(told=[more(f"starved|/kubepods/pod0a1b/{CONTAINER[::-1]}\nstarved|/\n")])
    found = only(examination(edge_2=other, of_cluster=cluster([more(POD + ENDED + LIMIT)])))
    assert (found.kind, found.severity, found.node) == ("memory", "warning", "edge-2")
    assert found.sentence == (
        "container greeter of shop/greeter-1 was killed (exit code 137), as for too much memory: "
        "the kernel's log tells of none, its limit of memory is 16Mi"
    )
    assert found.mend.startswith("`kubectl describe pod` tells")
    assert found.mend.endswith("else raise its limit of memory")
    assert "raise" not in only(of_pods(ENDED)).mend
    off = examination(edge_2=Silence("off", "on?"), of_cluster=cluster([more(POD + ENDED)]))
    assert "the kernel can't be asked" in findings(off)[-1].sentence


def test_what_kubernetes_says_was_for_memory_needs_no_other_word() -> None:
    found = only(of_pods(ENDED.replace("Error", "OOMKilled") + LIMIT))
    assert (found.kind, found.severity) == ("memory", "broken")


def test_many_pods_that_were_killed_alike_are_one_finding() -> None:
    names = [f"greeter-{number}" for number in range(2, 7)]
    lines = "".join((POD + ENDED * 2 + LIMIT).replace("greeter-1", name) for name in names)
    found = only(of_pods(lines))
    assert "of shop/greeter-2, shop/greeter-3, shop/greeter-4 and 2 more was killed" in (
        found.sentence
    )


def test_a_pod_that_waits_for_a_node_says_where_its_handler_is_proven() -> None:
    words = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
    waiting = f"pod|shop|late|-|shimyard-wasmtime\nunscheduled|shop|late|{words}\n"
    found = only(of_pods(waiting))
    assert (found.kind, found.severity) == ("unscheduled", "broken")
    assert found.sentence == (
        f"shop/late of RuntimeClass 'shimyard-wasmtime' waits for a node: {words}"
    )
    assert found.mend.startswith("handler 'wasmtime' is proven on edge-1, edge-2;")
    none = [(SERVER, SERVER.replace(LABELS, "")), (AGENT, AGENT.replace(LABELS, ""))]
    found = only(of_pods(waiting, *none))
    assert found.mend == "no node is proven for handler 'wasmtime'; mend its first broken link"


@pytest.mark.parametrize(
    ("space", "severity", "left"),
    [
        ("40000000|1900000|2500000|2000000", "broken", "1.8 GiB of 38.1 GiB left, 4.8 %"),
        ("40000000|3900000|2500000|2000000", "warning", "3.7 GiB of 38.1 GiB left, 9.8 %"),
        ("40000000|20000000|2500000|10", "broken", "10 of 2500000 inodes left, 0.0 %"),
        ("40000000|20000000|2500000|200000", "warning", "200000 of 2500000 inodes left, 8.0 %"),
    ],
)
def test_a_disk_that_is_nearly_full_is_told_by_space_and_by_inodes(
    space: str, severity: str, left: str
) -> None:
    full = machine(told=[("disk|/|40000000|20000000|2500000|2000000", f"disk|/|{space}")])
    found = only(examination(edge_2=full))
    assert (found.kind, found.severity) == ("disk", severity)
    assert found.sentence == f"/ has {left}"


@pytest.mark.parametrize("space", ["40000000|20000000|0|0", "40000000|20000000|-|-", "-|-|-|-"])
def test_a_file_system_that_counts_nothing_is_not_called_full(space: str) -> None:
    odd = machine(told=[("disk|/|40000000|20000000|2500000|2000000", f"disk|/|{space}")])
    assert findings(examination(edge_2=odd)) == ()


@pytest.mark.parametrize(
    ("skew", "severity", "sentence"),
    [
        (11, "warning", "its clock is 11 s ahead of this machine's"),
        (-299, "warning", "its clock is 299 s behind this machine's"),
        (301, "broken", "its clock is 301 s ahead of this machine's"),
    ],
)
def test_a_clock_that_is_off_is_told(skew: float, severity: str, sentence: str) -> None:
    found = only(examination(edge_2=machine(skew=skew)))
    assert (found.kind, found.severity, found.sentence) == ("clock", severity, sentence)
    assert found.mend.startswith("run `timedatectl set-ntp true`")
    assert findings(examination(edge_2=machine(skew=9))) == ()


def test_where_all_clocks_are_off_alike_ours_is_looked_at_first() -> None:
    off = {"edge-1": machine(skew=400), "edge-2": machine(skew=401)}
    found = findings(examination(machines=off))
    assert len(found) == 2
    assert all(each.mend.startswith("all machines are off alike") for each in found)


@pytest.mark.parametrize(
    ("file", "days", "severity", "sentence", "mend"),
    [
        ("client-admin.crt", 29, "warning", "on, in 29 days", "systemctl restart k3s-agent"),
        ("client-admin.crt", 6, "broken", "on, in 6 days", "systemctl restart k3s-agent"),
        ("client-admin.crt", -1, "broken", "ended on 2027-01-14", "systemctl restart"),
        ("server-ca.crt", 20, "warning", "on, in 20 days", "rotate-ca"),
        ("server-ca.nochain.crt", 20, "warning", "on, in 20 days", "rotate-ca"),
        ("etcd/peer-ca.crt", 20, "warning", "on, in 20 days", "rotate-ca"),
    ],
)
def test_a_certificate_near_its_end_is_told(
    file: str, days: int, severity: str, sentence: str, mend: str
) -> None:
    line = f"certificate|{TLS}/{file}|{pem_body(NOW + days * DAY)}\n"
    found = only(examination(edge_2=machine(told=[more(line)])))
    assert (found.kind, found.severity) == ("certificate", severity)
    assert found.sentence.startswith(f"{TLS}/{file} ")
    assert sentence in found.sentence
    assert mend in found.mend


def test_certificates_that_are_good_are_not_told_and_many_are_one_finding() -> None:
    good = f"certificate|{TLS}/client-admin.crt|{pem_body(NOW + 31 * DAY)}\n"
    assert findings(examination(edge_2=machine(told=[more(good)]))) == ()
    body = pem_body(NOW + 9 * DAY)
    many = "".join(f"certificate|{TLS}/client-{n}.crt|{body}\n" for n in range(5))
    server = {"edge-1": machine(told=[more(many + good)]), "edge-2": machine()}
    found = only(examination(machines=server))
    assert found.sentence.startswith(f"{TLS}/client-0.crt, ")
    assert " and 2 more end from 2027-01-24 on, in 9 days" in found.sentence
    assert "systemctl restart k3s.service" in found.mend


def test_a_component_that_is_newer_than_its_shims_engine_is_told() -> None:
    def pulled(interface: str) -> Examination:
        config = {"component": {"imports": ["wasi:io/streams@0.2.6"], "exports": [interface]}}
        blob = base64.b64encode(json.dumps(config).encode()).decode()
        image = "image|shop|greeter-1|greeter|registry.lab/greeter@sha256:aa\n"
        of_cluster = cluster([more(POD + image)])
        return examination(
            edge_2=machine(told=[more(f"world|sha256:aa|{blob}\n")]), of_cluster=of_cluster
        )

    assert findings(pulled("wasi:http/incoming-handler@0.2.9")) == ()
    found = only(pulled("wasi:http/handler@0.3.0"))
    assert (found.kind, found.severity, found.node) == ("world", "broken", "edge-2")
    assert found.sentence == (
        "the component of container greeter of shop/greeter-1 can't run: it has "
        "wasi:http/handler@0.3.0, and the engine of wasmtime 0.6.0 ends at WASI 0.2"
    )


@pytest.mark.parametrize(
    ("told", "there"),
    [
        ("program|/usr/local/bin/wasmtime|runs|wasmtime 45.0.1 (abc 2026-01-01)\n", None),
        ("program|/usr/local/bin/wasmtime|runs|wasmtime 44.0.0\n", "is wasmtime 44.0.0"),
        ("program|/usr/local/bin/wasmtime|fails|no such library\n", "wasmtime does not run"),
        ("", "wasmtime does not run"),
    ],
)
def test_a_program_whose_engine_was_replaced_is_told_with_both_versions(
    told: str, there: str | None
) -> None:
    runtime = {
        "containerd": {"version": "2.4.2"},
        "runc": {"version": "1.5.2"},
        "shims": [{"name": "wasmtime", "version": "0.6.0"}],
        "engines": [{"name": "wasmtime", "version": "45.0.1"}],
    }
    program = {
        "path": "/opt/app.cwasm",
        "source": "app.cwasm",
        "precompiledFor": {"version": "45.0.1"},
        "nodes": ["edge-2"],
    }
    of = examination(
        edge_2=machine(told=[more(told)]), wanted=settings(runtime=runtime, files=[program])
    )
    if there is None:
        assert findings(of) == ()
        return
    found = only(of)
    assert (found.kind, found.severity, found.node) == ("engine", "broken", "edge-2")
    assert found.sentence == (
        "/opt/app.cwasm is precompiled for wasmtime 45.0.1, and the engine on the machine " + there
    )
    assert "make refresh STACK=lab" in found.mend
