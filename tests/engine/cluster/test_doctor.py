"""The doctor on a real cluster: each thing is broken by hand, is named, and its mend mends it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lab.deadline import wait_for
from lab.images.content import WASM_CONFIG, Image, json_blob
from lab.images.packaging import wasm_artifact
from lab.instance import Lab
from lab.nodes.node import Node
from lab.workloads import build
from shimyard.node.containerd_config import CONFIG_PATH
from shimyard.node.paths import ROOT
from tests.engine.cluster.doctor import AGAIN, BROKEN, Doctor, command
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.wasm_pods import CLASS, push, wait_running, wasm_pod
from tests.engine.node.breaking import broken_by, configuration, configured
from tests.engine.node.states import kill_at, leave_orphan
from tests.engine.program.project import Project
from tests.lab.shims.modules import hungry
from tests.unit.doctor.authorities import DAY, pem_body

pytestmark = pytest.mark.lab

# Nothing is upgraded here.
K3S_VERSIONS = 1

NODES = ["edge-1", "edge-2", "edge-3"]
SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"
CANARIES = f"{ROOT}/current/container-runtime/canaries"
CAPABILITY = "handler.shimyard.dev/wasmtime"


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


@pytest.fixture(scope="module")
def doctor(project: Project) -> Doctor:
    """Of a cluster that is up. How long that takes is no question here."""
    project.config["cluster"]["rollout"]["readyTimeout"] = 300
    project.write()
    project.up()
    return Doctor(project)


@pytest.fixture
def agent(lab: Lab) -> Node:
    return lab.node(BROKEN)


def served(kubectl: Kubectl) -> set[str]:
    """The handlers of the node, as its kubelet reports them."""
    handlers = kubectl.nodes()[BROKEN]["status"].get("runtimeHandlers", [])
    return {each.get("name", "") for each in handlers}


def test_a_cluster_that_is_well_has_every_link_and_no_finding(
    doctor: Doctor, kubectl: Kubectl
) -> None:
    # Pods that run, that were ended, and that have ended by themselves are nothing to tell.
    kubectl.apply(wasm_pod("well"))
    kubectl.apply(wasm_pod("ended"))
    wait_running(kubectl, "well", "ended")
    kubectl("delete", "pod", "ended")
    report = doctor.told()
    rows = [(row["node"], row["handler"]) for row in report["handlers"]]
    assert rows == [(node, handler) for node in NODES for handler in ("runc", "wasmtime")]
    for row in report["handlers"]:
        states = {each["link"]: each["state"] for each in row["links"]}
        # Nobody has asked for a RuntimeClass of ordinary containers.
        wanted = "not applicable" if row["handler"] == "runc" else "ok"
        assert states == {
            "shim": "ok", "config": "ok", "cri": "ok", "class": wanted, "label": "ok",
            "canary": "ok",
        }, row  # fmt: skip
        reasons = {each["link"]: each["reason"] for each in row["links"]}
        assert reasons["cri"] == "the kubelet reports it"
    assert doctor.findings() == []
    assert "NODE    HANDLER" in doctor.ask().stdout
    kubectl("delete", "pod", "well")


# --- the links ------------------------------------------------------------------------------------


def test_a_shim_that_was_moved_away_is_named_and_comes_back(doctor: Doctor, agent: Node) -> None:
    agent.run(["mv", SHIM, "/opt/aside"])
    found = doctor.link("shim")
    assert found["reason"] == f"{SHIM} is not there"
    assert found["mend"].startswith(AGAIN)
    assert doctor.broken() == {f"{BROKEN} wasmtime": "shim"}
    assert doctor.ask().returncode == 1
    doctor.deploy_again()


def test_a_handler_that_left_the_configuration_is_named_and_comes_back(
    doctor: Doctor, agent: Node
) -> None:
    path = agent.root / CONFIG_PATH.lstrip("/")
    path.write_text(configuration(agent, "runtimes.wasmtime", "runtimes.elsewhere"))
    found = doctor.link("config")
    assert "has no handler 'wasmtime'" in found["reason"]
    assert found["mend"].startswith(AGAIN)
    doctor.deploy_again()


def test_a_containerd_that_has_not_read_its_configuration_is_named(
    doctor: Doctor, agent: Node, kubectl: Kubectl
) -> None:
    with configured(agent, configuration(agent, "runtimes.wasmtime", "runtimes.elsewhere")):
        agent.run(["systemctl", "restart", "containerd"])
        wait_for(
            "the kubelet's word",
            lambda: "wasmtime" if "wasmtime" in served(kubectl) else None,
            seconds=90,
            interval=0.5,
        )
    found = doctor.link("cri")
    assert found["reason"].startswith("the kubelet reports only elsewhere, runc")
    agent.run(command(found["mend"], "systemctl"))
    doctor.until_well()


def test_a_runtime_class_that_was_deleted_is_named_and_comes_back(
    doctor: Doctor, kubectl: Kubectl
) -> None:
    kubectl("delete", "runtimeclass", CLASS)
    found = doctor.link("class")
    assert found["reason"] == f"there is no RuntimeClass '{CLASS}'"
    assert found["mend"].startswith(AGAIN)
    assert doctor.broken() == {f"{node} wasmtime": "class" for node in NODES}
    doctor.deploy_again()


def test_a_label_that_was_taken_away_is_named_and_comes_back(
    doctor: Doctor, kubectl: Kubectl
) -> None:
    kubectl("label", "node", BROKEN, f"{CAPABILITY}-")
    found = doctor.link("label")
    assert found["reason"] == f"{CAPABILITY} is not set"
    assert found["mend"].startswith(AGAIN)
    doctor.deploy_again()


def test_a_canary_that_is_not_on_record_is_named_and_runs_again(
    doctor: Doctor, agent: Node
) -> None:
    script = f"cp {CANARIES} /opt/all; grep -v ^wasmtime /opt/all >{CANARIES}"
    agent.run(["sh", "-ec", script])
    found = doctor.link("canary")
    assert found["reason"] == "no canary of it is on record"
    assert found["mend"].startswith(AGAIN)
    doctor.deploy_again()


# --- pods -----------------------------------------------------------------------------------------


def test_pods_that_wait_for_a_proven_node_are_told_with_the_words_of_the_scheduler(
    doctor: Doctor, kubectl: Kubectl
) -> None:
    kubectl("label", "node", *NODES, f"{CAPABILITY}-")
    kubectl.apply(wasm_pod("late"))
    doctor.until("unscheduled")
    found = doctor.only("unscheduled", None)
    assert found["sentence"].startswith(
        f"default/late of RuntimeClass '{CLASS}' waits for a node: 0/3 nodes are available"
    )
    assert found["mend"] == "no node is proven for handler 'wasmtime'; mend its first broken link"
    doctor.deploy_again()
    wait_running(kubectl, "late")
    kubectl("delete", "pod", "late")


def test_a_wasm_pod_over_its_memory_limit_is_told_with_the_kernels_word(
    doctor: Doctor, kubectl: Kubectl, lab: Lab
) -> None:
    # An artifact: a kubelet's containerd 2.4 does not unpack a classic image for wasi/wasm.
    image = push(lab, wasm_artifact("/hungry.wasm", hungry()), "hungry")
    kubectl.apply(wasm_pod("hungry", image, resources={"limits": {"memory": "64Mi"}}))
    doctor.until("memory")
    found = doctor.only("memory")
    assert found["sentence"] == (
        "container hungry of default/hungry was killed by the kernel for memory (exit code 137): "
        "its limit of memory is 64Mi"
    )
    assert (found["severity"], found["mend"]) == ("broken", "raise its limit of memory")
    kubectl("delete", "pod", "hungry")


def test_a_wasm_pod_that_was_killed_by_hand_is_not_said_to_lack_memory(
    doctor: Doctor, kubectl: Kubectl, agent: Node
) -> None:
    kubectl.apply(wasm_pod("victim"))
    wait_running(kubectl, "victim")
    (container,) = kubectl.get("pod", "victim")["status"]["containerStatuses"]
    task = container["containerID"].removeprefix("containerd://")
    agent.run(["ctr", "-n", "k8s.io", "tasks", "kill", "-s", "KILL", task])
    doctor.until("memory")
    found = doctor.only("memory")
    assert "the kernel's log tells of none" in found["sentence"]
    assert found["severity"] == "warning"
    look = command(found["mend"], "kubectl describe pod")[1:]
    assert "Exit Code:    137" in kubectl(*look, "victim")
    doctor.told(code=0)
    kubectl("delete", "pod", "victim")


def test_a_component_that_asks_for_more_than_its_shims_engine_has_is_told(
    doctor: Doctor, kubectl: Kubectl, lab: Lab
) -> None:
    greeter = next(each for each in build() if each.name == "greeter")
    image = wasm_artifact(greeter.entrypoint, greeter.path.read_bytes())
    config = json.loads(image.config.data)
    # It runs all the same: what it says of itself is what is read.
    config["component"]["imports"].append("wasi:http/client@0.3.0")
    newer = push(lab, Image(json_blob(WASM_CONFIG, config), image.layers), "newer")
    kubectl.apply(wasm_pod("greeter"))
    kubectl.apply(wasm_pod("newer", newer))
    wait_running(kubectl, "greeter", "newer")
    found = doctor.only("world")
    version = doctor.project.config["runtime"]["shims"][0]["version"]
    assert found["sentence"] == (
        "the component of container newer of default/newer can't run: it has "
        f"wasi:http/client@0.3.0, and the engine of wasmtime {version} ends at WASI 0.2"
    )
    assert found["mend"].startswith("choose a version of the shim whose engine has it")
    kubectl("delete", "pod", "greeter", "newer")


# --- machines -------------------------------------------------------------------------------------


def test_an_orphan_is_named_and_ended_by_its_mend(doctor: Doctor, agent: Node) -> None:
    process = leave_orphan(agent)
    found = doctor.only("orphan")
    assert f"process {process} of container lost" in found["sentence"]
    assert found["mend"].startswith(AGAIN)
    doctor.deploy_again()
    assert agent.run(["kill", "-0", str(process)], check=False).returncode != 0


def test_a_node_that_is_cordoned_by_hand_is_a_warning(doctor: Doctor, kubectl: Kubectl) -> None:
    kubectl("cordon", BROKEN)
    found = doctor.only("cordoned")
    assert found["severity"] == "warning"
    doctor.told(code=0)
    kubectl(*command(found["mend"], "kubectl uncordon")[1:])
    assert doctor.findings() == []


def test_a_certificate_near_its_end_is_named_by_its_date(doctor: Doctor, lab: Lab) -> None:
    server = lab.node("edge-1")
    path = "/var/lib/rancher/k3s/server/tls/short.crt"
    body = pem_body(time.time() + 3 * DAY)
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    server.run(["sh", "-c", f"cat >{path}"], stdin=pem)
    found = doctor.only("certificate", "edge-1")
    assert found["sentence"].startswith(f"{path} end from ")
    assert found["severity"] == "broken"
    assert command(found["mend"], "systemctl") == ["systemctl", "restart", "k3s.service"]
    server.run(["rm", path])
    assert doctor.findings() == []


def test_a_clock_that_is_off_is_named(doctor: Doctor, agent: Node) -> None:
    # A stand-in: the lab's nodes share this machine's clock, so `date` tells another time there.
    date = "/usr/local/sbin/date"
    wrong = f'printf \'#!/bin/sh\\nexec /usr/bin/date -d "-400 seconds" "$@"\\n\' >{date}'
    with broken_by(agent, f"{wrong}; chmod +x {date}", f"rm {date}"):
        found = doctor.only("clock")
    assert (found["severity"], found["sentence"][:12]) == ("broken", "its clock is")
    assert "behind this machine's" in found["sentence"]
    assert "timedatectl set-ntp true" in found["mend"]
    assert doctor.findings() == []


def test_a_full_file_system_and_a_read_only_one_are_named(doctor: Doctor, agent: Node) -> None:
    full = "mount -t tmpfs -o size=1m tmpfs /var/log; head -c 1020k /dev/zero >/var/log/full"
    with broken_by(agent, full, "umount -l /var/log"):
        found = doctor.only("disk")
    assert found["sentence"].startswith("/var/log has 0.0 MiB of 1.0 MiB left")
    assert found["severity"] == "broken"
    frozen = "mount --bind /usr/local /usr/local; mount -o remount,bind,ro /usr/local"
    with broken_by(agent, frozen, "umount -l /usr/local"):
        found = doctor.only("disk")
    assert (found["severity"], found["sentence"]) == ("broken", "/usr/local is read-only")
    assert doctor.findings() == []


def test_a_k3s_that_does_not_start_at_boot_is_named_and_put_right(
    doctor: Doctor, agent: Node
) -> None:
    agent.run(["systemctl", "disable", "k3s-agent"])
    found = doctor.only("service")
    assert found["sentence"] == "k3s-agent.service is disabled at boot"
    assert AGAIN in found["mend"]
    doctor.deploy_again()


def test_a_node_that_was_deleted_from_the_cluster_is_named_and_comes_back(
    doctor: Doctor, agent: Node, kubectl: Kubectl
) -> None:
    kubectl("delete", "node", BROKEN)
    link = doctor.link("label")
    found = doctor.only("member")
    assert link["reason"] == "the cluster has no such node"
    assert link["mend"] == found["mend"]
    agent.run(command(found["mend"], "systemctl"))
    wait_for(
        "the node",
        lambda: None if BROKEN in kubectl.nodes() else "not in the cluster",
        seconds=60,
        interval=0.5,
    )
    assert AGAIN in found["mend"]
    doctor.deploy_again()


def test_a_change_that_was_cut_off_is_named_and_taken_back(doctor: Doctor, agent: Node) -> None:
    # As a loss of power would: the change ends, and so does what was to take it back.
    shims = doctor.project.config["runtime"]["shims"]
    shims.append({**shims[0], "handler": "second"})
    doctor.project.write()
    kill_at(agent, f"prepare file {CONFIG_PATH}", "verb recover")
    told = doctor.project.up(status=1).told
    assert "the transaction was cut off" in told
    shims.pop()
    doctor.project.write()
    found = next(each for each in doctor.findings() if each["kind"] == "change")
    assert (found["node"], found["severity"]) == (BROKEN, "broken")
    assert found["mend"].startswith("run `make refresh STACK=trial`, which takes it back")
    doctor.deploy_again()


# --- who can't be asked ---------------------------------------------------------------------------


def states(report: dict[str, Any]) -> dict[str, list[str]]:
    """Node -> the states of the wasmtime handler's links."""
    return {
        row["node"]: [each["state"] for each in row["links"]]
        for row in report["handlers"]
        if row["handler"] == "wasmtime"
    }


def test_a_machine_that_does_not_let_the_doctor_in_is_named_and_the_rest_is_known(
    doctor: Doctor, agent: Node
) -> None:
    keys, sudoers = "/home/edge/.ssh/authorized_keys", "/etc/sudoers.d/edge"
    for path, cause in ((sudoers, "sudo refuses edge"), (keys, "refuses the login")):
        with broken_by(agent, f"mv {path} /opt/aside", f"mv /opt/aside {path}"):
            report = doctor.told(code=2)
            found = doctor.only("unreachable")
        assert cause in found["sentence"]
        assert found["mend"]
        assert states(report)["edge-1"] == states(report)["edge-3"] == ["ok"] * 6
        assert states(report)[BROKEN] == ["unknown"] * 3 + ["ok", "ok", "unknown"]
    doctor.told(code=0)


def test_a_cluster_whose_api_does_not_answer_is_named_and_its_machines_are_known(
    doctor: Doctor, lab: Lab
) -> None:
    server = lab.node("edge-1")
    with broken_by(server, "systemctl stop k3s", "systemctl start k3s"):
        report = doctor.told(code=2)
        found = {each["kind"]: each for each in doctor.findings()}
    assert sorted(found) == ["service", "unreachable"]
    assert found["unreachable"]["node"] is None
    assert found["unreachable"]["sentence"].startswith("no server of the cluster can be asked: ")
    assert "systemctl status k3s" in found["unreachable"]["mend"]
    assert found["service"]["node"] == "edge-1"
    known = ["ok", "ok", "ok", "unknown", "unknown", "ok"]
    assert states(report) == dict.fromkeys(NODES, known)
    doctor.until_well()


def test_an_agent_that_is_off_is_named_and_the_rest_is_known(doctor: Doctor, agent: Node) -> None:
    agent.kill()
    try:
        report = doctor.told(code=2)
        assert doctor.only("unreachable")["mend"]
        assert states(report)["edge-1"] == states(report)["edge-3"] == ["ok"] * 6
        assert states(report)[BROKEN] == ["unknown"] * 3 + ["ok", "ok", "unknown"]
        # The cluster takes its time to notice.
        doctor.until("not-ready", seconds=120)
        found = next(each for each in doctor.findings() if each["kind"] == "not-ready")
        assert (found["node"], found["severity"]) == (BROKEN, "broken")
    finally:
        agent.start()
    doctor.until_well()
