"""The objects that the components make, each beside the one that was read and agreed to."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifests.signatures import POLICY_VERSION
from tests.program.kubernetes.conftest import Render, Rendered
from tests.program.kubernetes.examples import EVERYTHING, LEAST
from tests.program.kubernetes.schemas import VERSIONS, check

GOLDEN = Path(__file__).with_name("golden")
# Set to write the golden files anew; then read the difference as an operator would.
WRITE = "SHIMYARD_WRITE_GOLDEN" in os.environ

STACKS = {"least": LEAST, "everything": EVERYTHING}
PRODUCTION = Path(__file__).parents[3] / "stacks" / "Pulumi.edge-production.yaml"
COMPONENTS = {
    "runtime-classes": ["stack-"],
    "wasm-namespace": ["shop"],
    "wasm-app": ["shop.greeter"],
    "hybrid-app": ["shop.camera"],
    "wasm-function": ["acme.resize"],
    "capability-profile": ["images"],
    "plugin-host": ["shop.plugins"],
    "iot-gateway": ["shop.hall"],
    "edge-ai": ["shop.defects"],
    "cdn-function": ["shop.front"],
    "signed-images": ["registry"],
    "cert-manager": ["cert-manager"],
    "spin-kube": ["stack-spin-kube"],
    "spin-app": ["shop.prices"],
}
OWNERS = {
    "RuntimeClasses": "runtime-classes",
    "WasmNamespace": "wasm-namespace",
    "WasmApp": "wasm-app",
    "HybridApp": "hybrid-app",
    "WasmFunction": "wasm-function",
    "CapabilityProfile": "capability-profile",
    "PluginHost": "plugin-host",
    "IoTGateway": "iot-gateway",
    "EdgeAI": "edge-ai",
    "CDNFunction": "cdn-function",
    "SignedImages": "signed-images",
    "CertManager": "cert-manager",
    "SpinKube": "spin-kube",
    "SpinApp": "spin-app",
}


def objects_of(made: Rendered, component: str) -> list[dict[str, Any]]:
    """The objects below one component, in an order that does not change."""
    owners = {
        each["name"]
        for each in made.resources
        if OWNERS.get(each["type"].rpartition(":")[2]) == component
    }
    found = [
        each["inputs"]
        for each in made.resources
        if each["type"].startswith("kubernetes:") and each["parent"] in owners
    ]
    return sorted((each for each in found if not _is_upstreams(each)), key=_place)


def _is_upstreams(each: dict[str, Any]) -> bool:
    """A kind that stands in a file of its own, and is not only added to."""
    return each.get("kind") == "CustomResourceDefinition" and "spec" in each


def _place(each: dict[str, Any]) -> tuple[str, str, str]:
    metadata = each.get("metadata", each)
    return each.get("kind", "Release"), metadata.get("namespace", ""), metadata.get("name", "")


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("stack", STACKS)
def test_a_component_makes_the_objects_that_were_agreed_to(
    stack: str, component: str, render: Render
) -> None:
    made = objects_of(render(STACKS[stack]), component)
    path = GOLDEN / f"{component}-{stack}.yaml"
    if WRITE:
        path.write_text(yaml.safe_dump_all(made, sort_keys=True))
    assert made == list(yaml.safe_load_all(path.read_text()))
    assert made


def production() -> dict[str, Any]:
    """The sections of the example of a whole stack."""
    config = yaml.safe_load(PRODUCTION.read_text())["config"]
    return {key.removeprefix("shimyard:"): value for key, value in config.items()}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stack", [*STACKS, "edge-production"])
def test_kubernetes_has_every_field_that_is_set(stack: str, version: str, render: Render) -> None:
    objects = render(STACKS.get(stack) or production()).objects
    assert len(objects) > 8
    for manifest in objects.values():
        plain = copy.deepcopy(manifest)
        if plain.get("data") == "[secret]":
            plain["data"] = {}
        check(plain, version)


def test_a_field_that_kubernetes_does_not_have_is_seen_by_the_check() -> None:
    pod = {"containers": [{"name": "a", "lifecycle": {"preStop": {"slep": {"seconds": 1}}}}]}
    with pytest.raises(AssertionError, match="slep"):
        check({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": pod}, "1.34")


def test_a_field_that_upstream_does_not_have_is_seen_by_the_check() -> None:
    policy = {"apiVersion": POLICY_VERSION, "kind": "ClusterImagePolicy", "metadata": {"name": "a"}}
    with pytest.raises(AssertionError, match="keyles"):
        check({**policy, "spec": {"authorities": [{"keyles": {}}]}}, "1.34")
