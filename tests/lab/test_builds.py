"""What the lab built, downloaded by a real node from the lab's mirror, and running there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import services
from lab.builds.distribution import distribution_recipe
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.deadline import wait_for
from lab.images.layout import export
from lab.images.packaging import classic_image, linux_image, wasm_artifact, wasm_layer_image
from lab.images.registry_client import RegistryClient
from lab.instance import Lab
from lab.mirror.faults import Fault
from lab.mirror.service import mirror_folder, start_mirror
from lab.nodes.node import Node
from lab.registry import start_registry
from tests.lab.conftest import Place

pytestmark = pytest.mark.lab

MODULE = b"\0asm\x01\0\0\0" + b"\0\x05\x04note"
CONTAINERD = [each.version for each in recipes("amd64") if each.name == "containerd"]
WANTED = [each for each in recipes("amd64") if each.name in {"containerd", "runc", "cni-plugins"}]


@pytest.fixture(scope="module")
def artifacts() -> BuiltArtifacts:
    return build_all(wanted=WANTED)


@pytest.fixture(scope="module")
def lab(place: Callable[[int], Place], artifacts: BuiltArtifacts) -> Iterator[Lab]:
    with place(3).lab(1) as lab:
        start_mirror(lab.settings, artifacts)
        yield lab


@pytest.fixture
def node(lab: Lab) -> Iterator[Node]:
    found = lab.node("edge-1")
    yield found
    found.fresh()


@pytest.fixture
def registry(lab: Lab) -> Iterator[RegistryClient]:
    binary = distribution_recipe("amd64").build().path
    yield RegistryClient(start_registry(lab.settings, binary))
    services.stop(lab.settings, "registry")


def locked(lab: Lab, name: str, version: str | None = None) -> dict[str, Any]:
    entries: list[dict[str, Any]] = json.loads(lab.state.artifacts_lock.read_text())["artifacts"]
    return next(
        entry for entry in entries if entry["name"] == name and version in (None, entry["version"])
    )


def download(node: Node, entry: dict[str, Any], path: str) -> None:
    node.run(["curl", "--fail", "--silent", "--show-error", "--output", path, entry["url"]])


def sha256_on(node: Node, path: str) -> str:
    return node.run(["sha256sum", path]).stdout.split()[0]


def run_containerd(node: Node, lab: Lab, version: str) -> None:
    download(node, locked(lab, "containerd", version), "/tmp/containerd.tgz")
    download(node, locked(lab, "runc"), "/usr/local/bin/runc")
    node.run(["tar", "-C", "/usr/local", "-xzf", "/tmp/containerd.tgz"])
    node.run(["chmod", "755", "/usr/local/bin/runc"])
    node.run(["systemd-run", "--unit=containerd", "--property=Delegate=yes", "containerd"])

    def missing() -> str | None:
        asked = node.run(["ctr", "version"], check=False)
        return asked.stderr if asked.returncode else None

    wait_for("containerd", missing, seconds=20)


def test_a_node_gets_each_artifact_with_the_checksum_that_the_lock_states(
    lab: Lab, node: Node, artifacts: BuiltArtifacts
) -> None:
    for artifact in artifacts:
        entry = locked(lab, artifact.name, artifact.version)
        download(node, entry, "/tmp/artifact")
        assert sha256_on(node, "/tmp/artifact") == entry["sha256"]
    fetched = [access for access in mirror_folder(lab.settings).accesses() if access.status == 200]
    assert sum(access.sent for access in fetched) >= sum(each.size for each in artifacts)


def test_a_running_mirror_takes_faults_and_heals(lab: Lab, node: Node) -> None:
    entry = locked(lab, "runc")
    folder = mirror_folder(lab.settings)
    folder.ask_for([Fault("truncated", path="runc/*", times=1)])

    cut = node.run(["curl", "--silent", "--output", "/tmp/runc", entry["url"]], check=False)
    assert cut.returncode == 18
    node.run(["curl", "--silent", "--continue-at", "-", "--output", "/tmp/runc", entry["url"]])
    folder.ask_for([])
    assert sha256_on(node, "/tmp/runc") == entry["sha256"]


@pytest.mark.parametrize("version", CONTAINERD)
def test_the_built_containerd_and_runc_run_a_container(
    lab: Lab, node: Node, registry: RegistryClient, artifacts: BuiltArtifacts, version: str
) -> None:
    program = artifacts.find("runc").path.read_bytes()
    registry.push(linux_image("/runc", program, "amd64"), "native", "test")
    run_containerd(node, lab, version)

    image = f"{lab.settings.gateway}:5000/native:test"
    node.run(["ctr", "images", "pull", "--plain-http", image])
    said = node.run(["ctr", "run", "--rm", image, "one", "/runc", "--version"]).stdout

    assert f"v{version}" in node.run(["containerd", "--version"]).stdout
    assert artifacts.find("runc").version in said


@pytest.mark.parametrize("version", CONTAINERD)
def test_containerd_pulls_every_packaging_of_a_module(
    lab: Lab, node: Node, registry: RegistryClient, version: str
) -> None:
    run_containerd(node, lab, version)
    for pack in (classic_image, wasm_artifact, wasm_layer_image):
        image, tag = pack("/hello.wasm", MODULE), pack.__name__.replace("_", "-")
        registry.push(image, "hello", tag)
        name = f"{lab.settings.gateway}:5000/hello:{tag}"

        # Without --local, ctr has containerd unpack, which it does for its own platform only.
        node.run(["ctr", "images", "pull", "--local", "--plain-http", name])

        assert image.digest in node.run(["ctr", "images", "ls", f"name=={name}"]).stdout


def test_an_exported_module_can_be_imported_without_a_registry(lab: Lab, node: Node) -> None:
    run_containerd(node, lab, CONTAINERD[0])
    image = classic_image("/hello.wasm", MODULE)
    export(image, "registry.lab/hello:classic", node.root / "root/image.tar")

    node.run(["ctr", "images", "import", "--local", "--platform", "wasi/wasm", "/root/image.tar"])

    assert (
        image.digest in node.run(["ctr", "images", "ls", "name==registry.lab/hello:classic"]).stdout
    )
