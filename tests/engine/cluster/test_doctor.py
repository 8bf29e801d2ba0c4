"""The doctor on a real cluster: each link is broken by hand, is named, and its mend mends it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.deadline import wait_for
from lab.images.content import WASM_CONFIG, Image, json_blob
from lab.images.packaging import wasm_artifact
from lab.images.registry_client import RegistryClient
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.nodes.node import Node
from lab.registry import registry_url
from lab.workloads import build
from shimyard.node.containerd_config import CONFIG_PATH
from shimyard.node.paths import ROOT
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.node.states import leave_orphan
from tests.engine.program.project import Project
from tests.lab.shims.modules import hungry
from tests.unit.doctor.authorities import DAY, pem_body

pytestmark = [pytest.mark.lab, pytest.mark.trial]

NODES = ["edge-1", "edge-2", "edge-3"]
SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"
CANARIES = f"{ROOT}/current/container-runtime/canaries"
CAPABILITY = "handler.shimyard.dev/wasmtime"
CLASS = "shimyard-wasmtime"
BROKEN = "edge-2"


@pytest.fixture(scope="module")
def built() -> BuiltArtifacts:
    """What the nodes need, and one K3s: nothing is upgraded here."""
    names = {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
    machines = [each for each in recipes() if each.name in names]
    return build_all(wanted=[*machines, k3s_recipes("amd64")[0]])


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


@pytest.fixture(scope="module", autouse=True)
def deployed(project: Project) -> None:
    """The cluster is up. How long that takes is no question here."""
    project.config["cluster"]["rollout"]["readyTimeout"] = 300
    project.write()
    project.up()


@pytest.fixture
def agent(lab: Lab) -> Node:
    return lab.node(BROKEN)


def ask(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make doctor` does."""
    return subprocess.run(
        [sys.executable, "-m", "shimyard.doctor", str(project.stack_file), *arguments],
        cwd=project.folder, env=project.environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def told(project: Project) -> dict[str, Any]:
    """What it says, as JSON."""
    asked = ask(project, "--json")
    assert asked.stderr == ""
    report: dict[str, Any] = json.loads(asked.stdout)
    return report


def broken(project: Project) -> dict[str, str]:
    """'node handler' -> the first broken link."""
    rows = told(project)["handlers"]
    return {f"{row['node']} {row['handler']}": row["broken"] for row in rows if row["broken"]}


def link(project: Project, name: str) -> dict[str, str]:
    """The wasmtime handler's link on the node that is broken; it is the first broken one there."""
    (row,) = (
        row
        for row in told(project)["handlers"]
        if (row["node"], row["handler"]) == (BROKEN, "wasmtime")
    )
    assert row["broken"] == name, row
    (found,) = (each for each in row["links"] if each["link"] == name)
    assert found["mend"] == row["mend"]
    return dict(found)


def findings(project: Project, kind: str) -> list[dict[str, str]]:
    return [each for each in told(project)["findings"] if each["kind"] == kind]


def mend(project: Project) -> None:
    """What the doctor says to do about whatever differs from what was applied."""
    project.refresh()
    project.up()
    assert broken(project) == {}


@contextmanager
def configured(node: Node, before: str, after: str) -> Iterator[None]:
    """With one word of containerd's configuration replaced; then as it was, times too."""
    path = node.root / CONFIG_PATH.lstrip("/")
    text, times = path.read_text(), path.stat()
    assert before in text
    path.write_text(text.replace(before, after))
    try:
        yield
    finally:
        path.write_text(text)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def served(kubectl: Kubectl) -> set[str]:
    """The handlers of the node, as its kubelet reports them."""
    handlers = kubectl.nodes()[BROKEN]["status"].get("runtimeHandlers", [])
    return {each.get("name", "") for each in handlers}


def wasm_pod(name: str, image: str = "registry.lab/greeter:artifact", **limits: str) -> Any:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "runtimeClassName": CLASS,
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": name, "image": image, "resources": {"limits": limits}}],
        },
    }


def test_a_cluster_that_is_well_has_every_link(project: Project) -> None:
    report = told(project)
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
    # But for the disk of whoever runs the tests.
    assert [each for each in report["findings"] if each["kind"] != "disk"] == []
    assert "NODE    HANDLER" in ask(project).stdout


def test_a_shim_that_was_moved_away_is_named_and_comes_back(project: Project, agent: Node) -> None:
    agent.run(["mv", SHIM, "/opt/aside"])
    found = link(project, "shim")
    assert found["reason"] == f"{SHIM} is not there"
    assert "make refresh STACK=trial" in found["mend"]
    assert broken(project) == {f"{BROKEN} wasmtime": "shim"}
    assert ask(project).returncode == 1
    mend(project)


def test_a_handler_that_left_the_configuration_is_named_and_comes_back(
    project: Project, agent: Node
) -> None:
    path = agent.root / CONFIG_PATH.lstrip("/")
    path.write_text(path.read_text().replace("runtimes.wasmtime", "runtimes.elsewhere"))
    assert "has no handler 'wasmtime'" in link(project, "config")["reason"]
    mend(project)


def test_a_containerd_that_has_not_read_its_configuration_is_named(
    project: Project, agent: Node, kubectl: Kubectl
) -> None:
    with configured(agent, "runtimes.wasmtime", "runtimes.elsewhere"):
        agent.run(["systemctl", "restart", "containerd"])
        wait_for(
            "the kubelet's word",
            lambda: "wasmtime" if "wasmtime" in served(kubectl) else None,
            seconds=90,
            interval=0.5,
        )
    found = link(project, "cri")
    assert found["reason"].startswith("the kubelet reports only elsewhere, runc")
    assert "`systemctl restart containerd`" in found["mend"]
    agent.run(["systemctl", "restart", "containerd"])
    wait_for("the mend", lambda: str(broken(project)) if broken(project) else None, seconds=90)


def test_a_runtime_class_that_was_deleted_is_named_and_comes_back(
    project: Project, kubectl: Kubectl
) -> None:
    kubectl("delete", "runtimeclass", CLASS)
    assert link(project, "class")["reason"] == f"there is no RuntimeClass '{CLASS}'"
    assert broken(project) == {f"{node} wasmtime": "class" for node in NODES}
    mend(project)


def test_a_label_that_was_taken_away_is_named_and_comes_back(
    project: Project, kubectl: Kubectl
) -> None:
    kubectl("label", "node", BROKEN, f"{CAPABILITY}-")
    assert link(project, "label")["reason"] == f"{CAPABILITY} is not set"
    mend(project)


def test_a_canary_that_is_not_on_record_is_named_and_runs_again(
    project: Project, agent: Node
) -> None:
    script = f"cp {CANARIES} /opt/all; grep -v ^wasmtime /opt/all >{CANARIES}"
    agent.run(["sh", "-ec", script])
    assert link(project, "canary")["reason"] == "no canary of it is on record"
    mend(project)


def test_pods_that_wait_for_a_proven_node_are_told_with_the_words_of_the_scheduler(
    project: Project, kubectl: Kubectl
) -> None:
    kubectl("label", "node", *NODES, f"{CAPABILITY}-")
    kubectl.apply(wasm_pod("late"))
    wait_for(
        "the scheduler",
        lambda: None if findings(project, "unscheduled") else "it has not looked",
        seconds=30,
    )
    (found,) = findings(project, "unscheduled")
    assert found["sentence"].startswith(
        f"default/late of RuntimeClass '{CLASS}' waits for a node: 0/3 nodes are available"
    )
    assert found["mend"] == "no node is proven for handler 'wasmtime'; mend its first broken link"
    mend(project)
    wait_for(
        "the pod",
        lambda: None if is_ready(kubectl.get("pod", "late")) else "not Ready",
        seconds=60,
    )
    assert findings(project, "unscheduled") == []
    kubectl("delete", "pod", "late")


def test_a_wasm_pod_over_its_memory_limit_is_told(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    # An artifact: a kubelet's containerd 2.4 does not unpack a classic image for wasi/wasm.
    image = wasm_artifact("/hungry.wasm", hungry())
    RegistryClient(registry_url(lab.settings)).push(image, "hungry", "1")
    kubectl.apply(wasm_pod("hungry", "registry.lab/hungry:1", memory="64Mi"))
    wait_for(
        "the kernel",
        lambda: (
            None if findings(project, "memory") else str(kubectl.get("pod", "hungry")["status"])
        ),
        seconds=60,
    )
    (found,) = findings(project, "memory")
    assert found["sentence"] == (
        "container hungry of default/hungry was killed (exit code 137): so ends a Wasm process "
        "over its memory limit, which is 64Mi"
    )
    kubectl("delete", "pod", "hungry")


def test_a_component_that_asks_for_more_than_its_shims_engine_has_is_told(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    greeter = next(each for each in build() if each.name == "greeter")
    image = wasm_artifact(greeter.entrypoint, greeter.path.read_bytes())
    config = json.loads(image.config.data)
    # It runs all the same: what it says of itself is what is read.
    config["component"]["imports"].append("wasi:http/client@0.3.0")
    newer = Image(json_blob(WASM_CONFIG, config), image.layers)
    RegistryClient(registry_url(lab.settings)).push(newer, "newer", "1")
    images = {"greeter": "registry.lab/greeter:artifact", "newer": "registry.lab/newer:1"}
    for name, reference in images.items():
        kubectl.apply(wasm_pod(name, reference))

    def started(name: str) -> bool:
        return is_ready(kubectl.get("pod", name))

    wait_for(
        "the pods",
        lambda: None if all(map(started, images)) else "not Ready",
        seconds=60,
    )
    (found,) = findings(project, "world")
    assert found["sentence"] == (
        "the component of container newer of default/newer can't run: it has "
        f"wasi:http/client@0.3.0, and the engine of wasmtime {version(project)} ends at WASI 0.2"
    )
    kubectl("delete", "pod", *images)


def version(project: Project) -> str:
    """Of the shim."""
    return str(project.config["runtime"]["shims"][0]["version"])


def test_an_orphan_is_named_and_ended_by_its_mend(project: Project, agent: Node) -> None:
    process = leave_orphan(agent)
    (found,) = findings(project, "orphan")
    assert f"process {process} of container lost" in found["sentence"]
    assert found["node"] == BROKEN
    mend(project)
    assert findings(project, "orphan") == []
    assert agent.run(["kill", "-0", str(process)], check=False).returncode != 0


def test_a_node_that_is_cordoned_by_hand_is_a_warning(project: Project, kubectl: Kubectl) -> None:
    kubectl("cordon", BROKEN)
    (found,) = findings(project, "cordoned")
    assert (found["severity"], found["mend"]) == (
        "warning", f"if that is no longer meant: `kubectl uncordon {BROKEN}`"
    )  # fmt: skip
    kubectl(*shlex.split(found["mend"].split("`")[1])[1:])
    assert findings(project, "cordoned") == []


def test_a_certificate_near_its_end_is_named_by_its_date(project: Project, lab: Lab) -> None:
    server = lab.node("edge-1")
    path = "/var/lib/rancher/k3s/server/tls/short.crt"
    body = pem_body(time.time() + 3 * DAY)
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    server.run(["sh", "-c", f"cat >{path}"], stdin=pem)
    (found,) = findings(project, "certificate")
    assert found["sentence"].startswith(f"{path} end from ")
    assert (found["severity"], found["node"]) == ("broken", "edge-1")
    assert "systemctl restart k3s.service" in found["mend"]
    server.run(["rm", path])
    assert findings(project, "certificate") == []


def test_an_agent_that_is_off_is_told_and_the_rest_is_known(
    project: Project, agent: Node, kubectl: Kubectl
) -> None:
    agent.kill()
    try:
        asked = ask(project, "--json")
        assert asked.returncode == 2
        report = json.loads(asked.stdout)
        states = {
            row["node"]: [each["state"] for each in row["links"]]
            for row in report["handlers"]
            if row["handler"] == "wasmtime"
        }
        assert states["edge-1"] == states["edge-3"] == ["ok"] * 6
        assert states[BROKEN] == ["unknown"] * 3 + ["ok", "ok", "unknown"]
        assert "unreachable" in {each["kind"] for each in report["findings"]}
    finally:
        agent.start()
    wait_for(
        "the node",
        lambda: None if is_ready(kubectl.nodes()[BROKEN]) else "not Ready",
        seconds=120,
    )
