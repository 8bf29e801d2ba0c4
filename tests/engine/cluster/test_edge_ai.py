"""A real model on a labelled node of a real cluster: asked, guarded, replaced and taken away."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.deadline import wait_for
from lab.images.packaging import wasm_artifact
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.nn.recipe import ENCODINGS, shim_with_nn, speech, speech_model
from tests.engine.cluster.answers import ask, wait_for_answer
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.sound import HEARD, sound
from tests.engine.cluster.stack import cluster_stack
from tests.engine.cluster.wasm_pods import push
from tests.engine.program.project import Project, Run
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 2
SMART = "edge-2"
NPU = "lab.example/npu"
POD = "shimyard.dev/app=speech"
ON_THE_NODE = "/opt/models/vad.onnx"
# ONNX Runtime is the same on both sides; what differs is rounding, by the processor's kind.
TOLERANCE = 0.001


@pytest.fixture(scope="module")
def built() -> BuiltArtifacts:
    """The artifacts of the nodes, with the shim that has WASI-NN and one K3s."""
    machines = [each for each in recipes() if each.name in ("containerd", "runc", "cni-plugins")]
    return build_all(wanted=[*machines, shim_with_nn("amd64"), *k3s_recipes("amd64")[:1]])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's file on the controller, which tests replace."""
    return Path(shutil.copy(speech_model(), tmp_path_factory.mktemp("models") / "vad.onnx"))


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server and an agent with a device, and the model's app."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("edge-ai"))
    config = cluster_stack(lab, built, ["edge-1", SMART], servers=["edge-1"])
    config["runtime"]["shims"][0]["wasiNn"] = list(ENCODINGS)
    config["nodes"][1]["labels"]["lab.example/npu"] = "yes"
    made.config = config
    made.write()
    made.up()
    kubectl = Kubectl(lab.node("edge-1"))
    give_device(kubectl)
    image = push(lab, wasm_artifact("/speech.wasm", speech().read_bytes()), "speech")
    config["files"].append(
        {
            "path": ON_THE_NODE,
            "source": str(model),
            "sha256": digest(model.read_bytes()),
            "nodes": [SMART],
            # The guest's own user: nothing but the mount keeps it from writing.
            "owner": "65532",
        }
    )
    config["platform"] = {
        "edgeAi": [
            {
                "name": "speech",
                "handler": "wasmtime",
                "artifact": image,
                "nodeSelector": {"lab.example/npu": "yes"},
                "models": [{"name": "vad", "path": ON_THE_NODE}],
                "devices": {NPU: 1},
                "env": [{"name": "MODEL", "value": "/models/vad.onnx"}],
                "resources": {"limits": {"memory": "256Mi"}},
                "service": {"type": "LoadBalancer"},
            }
        ]
    }
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module")
def kubectl(project: Project, lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


def give_device(kubectl: Kubectl) -> None:
    """One device on the node, as a device plugin would tell of it."""
    told = json.dumps({"status": {"capacity": {NPU: "1"}}})
    kubectl("patch", "node", SMART, "--subresource=status", "--type=merge", "-p", told)

    def missing() -> str | None:
        status = kubectl.nodes()[SMART]["status"]["allocatable"]
        return None if status.get(NPU) == "1" else str(status)

    wait_for("the device", missing, seconds=60, interval=0.5)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def on_the_node(lab: Lab) -> str:
    return lab.node(SMART).run(["sha256sum", ON_THE_NODE]).stdout.split()[0]


def heard(lab: Lab) -> dict[str, Any]:
    """The guest's answer to the sound, once the node passes requests on."""
    node, patience = lab.node(SMART), 30
    answer = wait_for_answer(node, "/", port=8080, method="POST", body=sound(), seconds=patience)
    found: dict[str, Any] = json.loads(answer.body)
    return found


def pod(kubectl: Kubectl) -> dict[str, Any]:
    (found,) = kubectl.pods(POD)
    return found


def test_it_runs_on_the_labelled_node_and_has_the_device(kubectl: Kubectl) -> None:
    capable = [
        name
        for name, node in kubectl.nodes().items()
        if node["metadata"]["labels"].get("handler.shimyard.dev/wasmtime") == "true"
    ]
    assert sorted(capable) == ["edge-1", SMART]
    spec = pod(kubectl)["spec"]
    assert (spec["nodeName"], spec["runtimeClassName"]) == (SMART, "shimyard-wasmtime")
    assert spec["containers"][0]["resources"]["limits"][NPU] == "1"


def test_its_answer_is_what_onnx_runtime_says_by_itself(lab: Lab, model: Path) -> None:
    answer = heard(lab)
    assert answer["modelBytes"] == model.stat().st_size
    expected = json.loads(HEARD.read_text())
    assert answer["speech"] == pytest.approx(expected, abs=TOLERANCE)
    assert max(answer["speech"]) > 0.9
    assert max(answer["speech"][:10]) < 0.1


def test_the_guest_can_not_write_to_its_model(lab: Lab) -> None:
    before = on_the_node(lab)
    answer = ask(lab.node(SMART), "/", port=8080, method="PUT", body=b"another model", seconds=30)
    assert answer.status == 403
    assert "/models/vad.onnx: " in answer.body
    assert on_the_node(lab) == before


def unchanged(run: Run) -> bool:
    words = ("created", "updated", "replaced", "deleted")
    return "unchanged" in run.output and not [word for word in words if word in run.output]


def test_a_second_up_changes_nothing(project: Project) -> None:
    assert unchanged(project.up())


def test_a_model_that_is_not_the_one_that_was_meant_is_refused(
    project: Project, lab: Lab, kubectl: Kubectl, model: Path
) -> None:
    meant, before, name = model.read_bytes(), on_the_node(lab), pod(kubectl)["metadata"]["name"]
    model.write_bytes(meant + b"\0")
    try:
        told = project.up(status=None)
    finally:
        model.write_bytes(meant)
    assert told.status != 0
    assert "files[1].sha256: is " in told.told
    assert "bring the file that is meant, or state the new digest" in told.told
    assert (on_the_node(lab), pod(kubectl)["metadata"]["name"]) == (before, name)


def test_a_new_model_makes_new_pods(
    project: Project, lab: Lab, kubectl: Kubectl, model: Path
) -> None:
    name, answer = pod(kubectl)["metadata"]["name"], heard(lab)
    # The same weights, and a line of documentation: field 6 of ONNX's ModelProto, a text.
    words = b"made anew"
    model.write_bytes(model.read_bytes() + bytes([6 << 3 | 2, len(words)]) + words)
    project.config["files"][1]["sha256"] = digest(model.read_bytes())
    project.write()
    project.up()
    kubectl.wait_ready(POD, 1)
    metadata = pod(kubectl)["metadata"]
    assert metadata["name"] != name
    assert metadata["annotations"]["model.shimyard.dev/vad"] == on_the_node(lab)
    anew = heard(lab)
    assert anew["modelBytes"] == answer["modelBytes"] + 2 + len(words)
    assert anew["speech"] == answer["speech"]


def test_what_is_taken_out_of_the_stack_is_gone_and_so_is_all_in_the_end(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    del project.config["platform"], project.config["files"][1]
    project.write()
    project.up()
    assert kubectl.get("daemonsets,services,pods", "-l", POD)["items"] == []
    left = lab.node(SMART).run(["ls", "/opt"]).stdout
    assert "models" not in left
    project.destroy()
    shims = lab.node(SMART).run(["ls", "/usr/local/bin", "/usr/local/lib"]).stdout
    assert "containerd-shim-wasmtime-v1" not in shims
    assert "libonnxruntime.so" not in shims
