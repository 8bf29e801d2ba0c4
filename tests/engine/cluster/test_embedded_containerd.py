"""K3s with its own containerd: handlers are proven in it, and change with a drain or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.builds.distribution import distribution_recipe
from lab.builds.inventory import BuiltArtifacts
from lab.images.publish import push_all
from lab.instance import Lab
from lab.mirror.service import start_mirror
from lab.nodes.node import Node
from lab.registry import start_registry
from lab.workloads import build
from shimyard.node.k3s_containerd import REGISTRIES_PATH, TEMPLATE_PATH
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.site import BROKEN, GREETER, PAUSE, archive_of_greeter, bring
from tests.engine.cluster.stack import cluster_stack
from tests.engine.node.states import kill_at, leftovers
from tests.engine.program.project import Project, Run
from tests.lab.conftest import Place
from toolchain import Toolchain

pytestmark = pytest.mark.lab

NAMES = ["edge-1", "edge-2"]
CAPABILITY = "handler.shimyard.dev"
CLASS = "shimyard-wasmtime"


@pytest.fixture(scope="module")
def lab(place: Callable[[int], Place], built: BuiltArtifacts) -> Iterator[Lab]:
    """Two nodes, a mirror, and a registry without a pause image."""
    with place(6).lab(2) as found:
        start_mirror(found.settings, built)
        registry = start_registry(found.settings, distribution_recipe("amd64").build().path)
        push_all(registry, build())
        yield found


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server and an agent; no containerd of ours, images out of archives."""
    folder = tmp_path_factory.mktemp("embedded")
    made = Project.of_checkout(tools, folder)
    config = cluster_stack(lab, built, NAMES, servers=["edge-1"])
    runtime = config["runtime"]
    for field in ("containerd", "runc", "cniPlugins"):
        del runtime[field]
    runtime["sandboxImage"] = PAUSE
    (mirror,) = runtime["registries"][0]["mirrors"]
    mirror |= {"username": "edge", "password": made.secret("hushed-Secret1")}
    config["cluster"] |= {
        "containerd": "embedded",
        "images": [{"name": name, "version": "1.0.0"} for name in ("pause", "greeter")],
    }
    site = bring(folder)
    config["artifacts"] = {
        **site,
        "lockFiles": config["artifacts"]["lockFiles"] + site["lockFiles"],
    }
    made.config = config
    made.write()
    return made


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


@pytest.fixture(scope="module", autouse=True)
def first(project: Project) -> Run:
    """The first `up`."""
    return project.up()


def connections(lab: Lab) -> dict[str, int]:
    return {node.name: node.connections() for node in lab.nodes}


def template(node: Node) -> str:
    return node.run(["cat", TEMPLATE_PATH]).stdout


def labelled(kubectl: Kubectl, handler: str) -> list[str]:
    """The nodes that are said to be proven for the handler."""
    label = f"{CAPABILITY}/{handler}"
    return [
        name
        for name, node in sorted(kubectl.nodes().items())
        if node["metadata"]["labels"].get(label) == "true"
    ]


def deployment(name: str, image: str, policy: str) -> dict[str, Any]:
    """A Wasm pod on each node."""
    labels = {"app": name}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    spec = {
        "runtimeClassName": CLASS,
        "terminationGracePeriodSeconds": 1,
        "topologySpreadConstraints": [spread],
        "containers": [{"name": name, "image": image, "imagePullPolicy": policy}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            # While a node is drained, its pod waits for it.
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def add_handler(project: Project, **fields: Any) -> None:
    """One more handler of the same shim."""
    shims = project.config["runtime"]["shims"]
    shims.append({**shims[0], "handler": "second", **fields})
    project.write()


def all_in_service(kubectl: Kubectl) -> None:
    for name, node in kubectl.nodes().items():
        assert is_ready(node), name
        assert "unschedulable" not in node["spec"], name


def test_handlers_are_proven_in_k3s_containerd_and_there_is_no_other(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    assert labelled(kubectl, "wasmtime") == labelled(kubectl, "runc") == NAMES
    told = project.outputs()["nodes"]
    for node in lab.nodes:
        assert told[node.name]["handlers"]["wasmtime"]["canary"] == "passed"
        assert told[node.name]["generation"] > 0
        for path in (
            "/usr/local/bin/containerd",
            "/etc/containerd",
            "/run/containerd/containerd.sock",
        ):
            assert node.run(["test", "-e", path], check=False).returncode == 1, path
        shims = "ls /usr/local/bin | grep containerd-shim"
        assert node.run(["sh", "-c", shims], check=False).stdout == ""
        spaces = node.run(["k3s", "ctr", "namespaces", "list", "-q"]).stdout.split()
        assert spaces == ["k8s.io"]


def test_registries_are_for_root_alone_and_their_password_is_in_no_state(
    project: Project, lab: Lab, first: Run
) -> None:
    node = lab.node("edge-2")
    assert node.run(["stat", "-c", "%a %U", REGISTRIES_PATH]).stdout.split() == ["600", "root"]
    assert "hushed-Secret1" in node.run(["cat", REGISTRIES_PATH]).stdout
    assert "hushed-Secret1" not in first.output
    for path in project.state_files:
        assert b"hushed-Secret1" not in path.read_bytes(), path


def test_wasm_pods_run_from_an_archive_and_from_a_mirror(
    project: Project, kubectl: Kubectl
) -> None:
    kubectl.apply(deployment("archived", GREETER, "Never"))
    kubectl.apply(deployment("pulled", "registry.lab/greeter:artifact", "IfNotPresent"))
    for name in ("archived", "pulled"):
        kubectl.wait_ready(f"app={name}", 2)
        nodes = {pod["spec"]["nodeName"] for pod in kubectl.pods(f"app={name}")}
        assert sorted(nodes) == NAMES


def test_the_doctor_finds_every_link_sound_and_a_shim_that_is_gone(
    project: Project, lab: Lab
) -> None:
    def broken() -> dict[str, str]:
        asked = subprocess.run(
            [sys.executable, "-m", "shimyard.doctor", str(project.stack_file), "--json"],
            cwd=project.folder, env=project.environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert asked.stderr == ""
        rows = json.loads(asked.stdout)["handlers"]
        assert len(rows) == 4
        return {f"{row['node']} {row['handler']}": row["broken"] for row in rows if row["broken"]}

    assert broken() == {}
    node = lab.node("edge-2")
    (line,) = [each for each in template(node).splitlines() if each.startswith("runtime_path")]
    shim = line.partition('"')[2].rstrip('"')
    node.run(["mv", shim, f"{shim}.away"])
    assert broken() == {"edge-2 wasmtime": "shim"}
    node.run(["mv", f"{shim}.away", shim])
    assert broken() == {}


def test_the_second_up_changes_nothing_and_asks_no_machine(project: Project, lab: Lab) -> None:
    before = connections(lab)
    told = project.up().output
    assert "unchanged" in told
    assert not any(word in told for word in ("updated", "created", "deleted", "replaced"))
    assert connections(lab) == before


def test_a_changed_handler_shows_its_lines_and_the_restart_and_comes_with_a_drain(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    before = connections(lab)
    add_handler(project)
    told = project.preview().output
    assert "runtimes.second]" in told
    assert "drains edge-1" in told
    assert f"restarts k3s.service: {TEMPLATE_PATH}; running Wasm containers end" in told
    assert f"restarts k3s-agent.service: {TEMPLATE_PATH}" in told
    assert connections(lab) == before
    project.up()
    assert labelled(kubectl, "second") == NAMES
    all_in_service(kubectl)
    for name in ("archived", "pulled"):
        kubectl.wait_ready(f"app={name}", 2)
    events = kubectl.get("events", "-A")["items"]
    held = {
        each["involvedObject"]["name"] for each in events if each["reason"] == "NodeNotSchedulable"
    }
    assert held >= set(NAMES)
    refreshed = project.refresh().output
    assert "drift" not in refreshed


def test_a_shim_that_does_not_run_leaves_the_node_as_it_was_and_the_other_alone(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    before = {node.name: template(node) for node in lab.nodes}
    good = [dict(shim) for shim in project.config["runtime"]["shims"]]
    for shim in project.config["runtime"]["shims"]:
        shim["version"] = BROKEN
    project.write()
    told = project.up(status=1).output
    assert "canary" in told
    assert "handler wasmtime" in told
    assert "the node runs what it ran before" in told
    assert {node.name: template(node) for node in lab.nodes} == before
    project.config["runtime"]["shims"] = good
    project.write()
    project.up()
    assert labelled(kubectl, "wasmtime") == labelled(kubectl, "second") == NAMES
    all_in_service(kubectl)
    for name in ("archived", "pulled"):
        kubectl.wait_ready(f"app={name}", 2)


def test_a_template_that_somebody_has_changed_is_drift_and_is_mended(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    node = lab.node("edge-2")
    wanted = template(node)
    node.run(["sh", "-c", f"echo '# by hand' >>{TEMPLATE_PATH}"])
    told = project.refresh().output
    assert f"{TEMPLATE_PATH} has other content" in told
    assert "restarts k3s-agent.service" in told
    project.up()
    assert template(node) == wanted
    all_in_service(kubectl)


def test_killed_while_images_are_imported_and_a_handler_is_proven_the_next_up_converges(
    project: Project, kubectl: Kubectl, lab: Lab
) -> None:
    node = lab.node("edge-2")
    before = template(node)

    def killed_at(point: str) -> None:
        project.write()
        kill_at(node, point)
        project.up(status=None)
        assert (node.root / "var/lib/shimyard/kill-at").read_text() == "", f"never at {point!r}"

    greeter = project.config["cluster"]["images"].pop()
    project.write()
    project.up()
    project.config["cluster"]["images"].append(greeter)
    killed_at(f"switch import-images {archive_of_greeter(project.config['artifacts'])}")
    project.up()
    add_handler(project, handler="third")
    killed_at("switch canary third")
    # The machine takes it back by itself; K3s starts again with the former template.
    assert template(node) == before
    project.up()
    assert labelled(kubectl, "third") == NAMES
    assert "runtimes.third]" in template(node)
    all_in_service(kubectl)
    assert leftovers(node) == []
    assert "drift" not in project.refresh().output
    for name in ("archived", "pulled"):
        kubectl.wait_ready(f"app={name}", 2)


def test_the_other_containerd_is_refused_while_the_machines_are_in_the_cluster(
    project: Project, lab: Lab, built: BuiltArtifacts
) -> None:
    before = connections(lab)
    cluster, runtime = project.config["cluster"], project.config["runtime"]
    cluster["containerd"] = "external"
    for name in ("containerd", "runc"):
        runtime[name] = {"version": built.find(name).version}
    project.write()
    told = project.preview(status=None).output
    assert "goes from embedded to external under the node's pods" in told
    assert connections(lab) == before
    cluster["containerd"] = "embedded"
    for name in ("containerd", "runc"):
        del runtime[name]
    project.write()


def test_destroy_leaves_nothing_of_k3s_and_its_containerd(project: Project, lab: Lab) -> None:
    project.destroy()
    for node in lab.nodes:
        for path in (
            "/etc/rancher",
            "/var/lib/rancher/k3s",
            "/usr/local/bin/k3s",
            "/var/lib/shimyard",
        ):
            assert node.run(["test", "-e", path], check=False).returncode == 1, path
        left = node.run(["pgrep", "--full", "containerd-shim"], check=False).stdout
        assert left == "", node.name
