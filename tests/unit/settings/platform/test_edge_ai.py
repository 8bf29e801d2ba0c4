"""Edge AI: which nodes it chooses, what they must have, and what a DaemonSet has no use for."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.manifests.edge_ai import placed, with_devices
from shimyard.settings import RuntimeClassesSettings
from shimyard.settings.platform import EdgeAiSettings
from shimyard.settings.platform.edge_ai_rules import digests_of
from tests.unit.settings.stacks import VALID
from tests.unit.settings.workloads.apps import accepted, refusal

PLACE = "platform.edgeAi[0]"
NPU = {"edge.example.com/npu": "yes"}
DIGEST = "ab" * 32
FILE: dict[str, Any] = {"path": "/opt/vad.onnx", "source": "models/vad.onnx", "sha256": DIGEST}


def sections(
    *,
    file: dict[str, Any] | None = None,
    shim: dict[str, Any] | None = None,
    more: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Sections with two nodes that have a device, and one edge AI for them."""
    runtime = copy.deepcopy(VALID["runtime"])
    runtime["shims"][0] |= {"wasiNn": ["onnx"], **(shim or {})}
    edge_ai = {
        "name": "speech",
        "handler": "wasmtime",
        "artifact": "registry.lab/speech:1",
        "nodeSelector": NPU,
        "models": [{"name": "vad", "path": "/opt/vad.onnx"}],
        **changes,
    }
    return {
        "nodes": [
            {"name": "edge-1", "address": "10.0.0.1"},
            {"name": "edge-2", "address": "10.0.0.2", "labels": NPU, "zone": "hall"},
            {"name": "edge-3", "address": "10.0.0.3", "labels": NPU},
        ],
        "runtime": runtime,
        "files": [{**FILE, **(file or {})}, *(more or [])],
        "apps": [],
        "hybridApps": [],
        "platform": {"edgeAi": [edge_ai]},
    }


def made(**changes: Any) -> EdgeAiSettings:
    (found,) = accepted(**sections(**changes)).platform.edge_ai
    return found


def test_a_model_is_one_file_that_is_mounted_read_only() -> None:
    (volume,) = made().mounted().volumes
    assert volume.mount_path == "/models/vad.onnx"
    assert volume.is_read_only
    assert volume.host_path is not None
    assert (volume.host_path.path, volume.host_path.type) == ("/opt/vad.onnx", "File")


def test_the_chosen_nodes_are_those_with_the_labels_and_a_proven_handler() -> None:
    classes = RuntimeClassesSettings.model_validate(
        {
            "handlers": {
                "wasmtime": {
                    "nodeSelector": {"size": "large"},
                    "tolerations": [{"key": "ai", "operator": "Exists"}],
                }
            }
        }
    )
    found = placed(made(), classes, {"vad": DIGEST})
    assert found.node_selector == {**NPU, "size": "large", "handler.shimyard.dev/wasmtime": "true"}
    assert [each.key for each in found.tolerations] == ["ai"]
    assert found.pod_annotations == {"model.shimyard.dev/vad": DIGEST}


def test_devices_are_limits_beside_the_others() -> None:
    edge_ai = made(devices={"example.com/npu": 2})
    container = {"resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "1"}}}
    assert with_devices(edge_ai, container)["resources"] == {
        "limits": {"memory": "64Mi", "example.com/npu": "2"},
        "requests": {"cpu": "1"},
    }


def test_nodes_that_are_not_chosen_need_no_model() -> None:
    stack = accepted(**sections(file={"nodes": ["edge-2", "edge-3"]}))
    assert digests_of(stack, stack.platform.edge_ai[0], PLACE) == {"vad": DIGEST}
    by_zone = {"topology.kubernetes.io/zone": "hall", "kubernetes.io/arch": "amd64"}
    accepted(**sections(file={"nodes": ["edge-2"]}, nodeSelector=by_zone))


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"nodeSelector": {}}, f"{PLACE}.nodeSelector", "is empty; add at least one entry"),
        (
            {"nodeSelector": {"gpu": "yes"}},
            f"{PLACE}.nodeSelector",
            "chooses no node of the cluster; give one the labels gpu=yes in nodes[].labels",
        ),
        (
            {"file": {"nodes": ["edge-1", "edge-2"]}},
            f"{PLACE}.models[0].path",
            "/opt/vad.onnx is no file of the node 'edge-3', which nodeSelector chooses; add",
        ),
        ({"file": {"sha256": None}}, "files[0].sha256", f"is missing: /opt/vad.onnx is {PLACE}"),
        (
            {
                "file": {"nodes": ["edge-2"]},
                "more": [{**FILE, "sha256": "cd" * 32, "nodes": ["edge-3"]}],
            },
            f"{PLACE}.models[0].path",
            "is not the same file on the nodes 'edge-2' and 'edge-3'",
        ),
        (
            {"shim": {"wasiNn": []}},
            f"{PLACE}.handler",
            "a build of wasmtime 0.6.1 without WASI-NN; lock one that has it (the vendors' static "
            "ones have not), and say so in runtime.shims[0].wasiNn",
        ),
        (
            {"shim": {"wasiNn": ["openvino"]}},
            f"{PLACE}.models[0].encoding",
            "is onnx, and 'wasmtime' is served by a build of wasmtime 0.6.1 that runs openvino",
        ),
        ({"handler": "none"}, f"{PLACE}.handler", "there is no handler 'none'"),
        (
            {"namespace": "shop"},
            f"{PLACE}.namespace",
            "'shop' enforces 'restricted' pod security, which refuses files of the node",
        ),
        ({"namespace": "gone"}, f"{PLACE}.namespace", "there is no namespace 'gone'"),
        ({"models": []}, f"{PLACE}.models", "is empty; add at least one entry"),
        (
            {"models": [{"name": "vad", "path": "/opt/vad.onnx"}] * 2},
            f"{PLACE}.models[1].name",
            "'vad' stands twice",
        ),
        (
            {"volumes": [{"name": "vad", "mountPath": "/tmp", "emptyDir": {}}]},
            f"{PLACE}.volumes[1].name",
            "'vad' stands twice",
        ),
        ({"replicas": 2}, f"{PLACE}.replicas", "is of a Deployment, and this is one pod on each"),
        ({"spread": {}}, f"{PLACE}.spread", "is of a Deployment"),
        ({"devices": {"cpu": 1}}, f"{PLACE}.devices", "is no resource of a device plugin"),
        (
            {"devices": {"kubernetes.io/npu": 1}},
            f"{PLACE}.devices",
            "is no resource of a device plugin",
        ),
        (
            {"updateStrategy": {"maxUnavailable": 0}},
            f"{PLACE}.updateStrategy.maxUnavailable",
            "would stop every update",
        ),
        (
            {"updateStrategy": {"type": "OnDelete", "maxUnavailable": 1}},
            f"{PLACE}.updateStrategy.maxUnavailable",
            "belongs to RollingUpdate",
        ),
        (
            {"file": {"source": None, "content": "x"}},
            "files[0].sha256",
            "is the digest of a source, and there is none; remove it",
        ),
        ({"file": {"sha256": "ab"}}, "files[0].sha256", "is no SHA-256 digest"),
    ],
)
def test_what_would_not_work_is_refused(changes: dict[str, Any], field: str, told: str) -> None:
    error = str(refusal(**sections(**changes)))
    assert field in error
    assert told in error


def test_a_profile_judges_the_models_too() -> None:
    profile = {"name": "sealed", "directories": [{"path": "/models"}]}
    namespaces = [{"name": "ai", "podSecurity": {"enforce": "privileged"}}]
    changed = sections(profile="sealed", namespace="ai")
    error = refusal(**changed, namespaces=namespaces, security={"profiles": [profile]})
    assert f"{PLACE}.models: /opt/vad.onnx is not what the profile 'sealed' has of the" in str(
        error
    )
    profile["directories"] = [{"path": "/models", "hostPath": "/opt/vad.onnx"}]
    accepted(**changed, namespaces=namespaces, security={"profiles": [profile]})


def test_tenants_refuse_files_of_the_node_as_other_closed_namespaces_do() -> None:
    changed = sections(namespace="acme")
    changed["platform"]["serverless"] = {"tenants": [{"name": "acme"}]}
    error = str(refusal(**changed))
    assert f"{PLACE}.namespace: 'acme' enforces 'restricted' pod security" in error


def test_without_a_cluster_there_is_nowhere_to_run_it() -> None:
    error = refusal(**sections(), cluster=None, namespaces=[])
    assert "platform.edgeAi: need a cluster to run in" in str(error)
