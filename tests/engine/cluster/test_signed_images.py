"""Signed images only, on a real cluster: who is refused at admission, and who runs and answers.

The controller is sigstore's own, signatures are cosign's; the chart is the lab's stand-in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from components.manifests.signatures import POLICY_VERSION
from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.errors import CommandError
from lab.images.packaging import linux_image, wasm_artifact
from lab.images.registry_client import RegistryClient
from lab.instance import Lab
from lab.registry import PORT, registry_url
from lab.sigstore.chart import controller_chart
from lab.sigstore.recipe import policy_controller
from lab.sigstore.signing import KeyPair
from lab.workloads import build
from tests.engine.cluster.answers import wait_for_answer
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import CHECKOUT, Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 1
# Nothing is upgraded here.
K3S_VERSIONS = 1
HELD, EXEMPT = "shop", "scratch"
POLICY = "shop-images"
ANSWERS_AT = 9080
EVERYTHING = CHECKOUT / "tests/program/kubernetes/golden/signed-images-everything.yaml"
CONTROLLER = ("--namespace=cosign-system", "deployment/policy-controller-webhook")


@dataclass(frozen=True)
class Images:
    """Wasm artifacts in the lab's registry, by the name that the controller can ask it by."""

    registry: RegistryClient
    host: str
    ours: KeyPair
    theirs: KeyPair

    def push(self, name: str, tag: str = "1", *, entrypoint: str = "/greeter.wasm") -> str:
        """The greeter as ``name:tag``; its digest. Another ``entrypoint`` is another content."""
        greeter = next(each.path for each in build() if each.name == "greeter")
        return self.registry.push(wasm_artifact(entrypoint, greeter.read_bytes()), name, tag)

    def tagged(self, name: str) -> str:
        """As somebody names it who does not care."""
        return f"{self.host}/{name}:1"

    def pinned(self, name: str) -> str:
        """As a stack names it: what the tag means now."""
        manifest = self.registry.manifest(name, "1")
        return f"{self.tagged(name)}@sha256:{hashlib.sha256(manifest).hexdigest()}"

    def sign(self, keys: KeyPair, name: str, digest: str) -> None:
        """Sign one content of ``name``."""
        keys.sign(f"{self.host}/{name}@{digest}")


@pytest.fixture(scope="module")
def images(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Images:
    folder = tmp_path_factory.mktemp("keys")
    made = Images(
        RegistryClient(registry_url(lab.settings)),
        f"{lab.settings.gateway}:{PORT}",
        KeyPair.make(folder / "ours"),
        KeyPair.make(folder / "theirs"),
    )
    made.push("unsigned")
    made.sign(made.ours, "signed", made.push("signed"))
    made.sign(made.ours, "moved", made.push("moved"))
    made.sign(made.theirs, "foreign", made.push("foreign"))
    return made


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    images: Images,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server with the controller, a signed app that is held and an unsigned one that is not."""
    program = linux_image("/webhook", policy_controller("amd64").read_bytes(), "amd64")
    images.registry.push(program, "policy-controller", "native")
    chart = controller_chart()
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("signed"))
    made.environment["SHIMYARD_HELM_PLAIN_HTTP"] = images.host
    made.config = cluster_stack(lab, built, ["edge-1"], servers=["edge-1"])
    # By the registry's own address: the controller knows nothing of the nodes' mirrors.
    made.config["runtime"]["registries"].append(
        {"host": images.host, "mirrors": [{"url": images.registry.url}]}
    )
    made.config["namespaces"] = [{"name": HELD}, {"name": EXEMPT}]
    made.config["security"] = {
        "signedImages": {
            "chart": {
                "reference": f"oci://registry.lab/charts/{chart.name}",
                "version": chart.version,
                "digest": chart.push(images.registry.url),
            },
            "replicas": 1,
            "policies": [
                {
                    "name": POLICY,
                    "images": [f"{images.host}/**"],
                    "authorities": [{"name": "release", "key": {"public": images.ours.public}}],
                }
            ],
            "exempt": [{"namespace": EXEMPT, "reason": "for trials"}],
        }
    }
    made.config["apps"] = [shown(images), app(images, "unsigned", EXEMPT)]
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module", autouse=True)
def kubectl(project: Project, lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


def app(images: Images, name: str, namespace: str = HELD, **fields: Any) -> dict[str, Any]:
    """A worker without a port, unless ``fields`` say otherwise."""
    return {
        "name": name,
        "namespace": namespace,
        "handler": "wasmtime",
        "artifact": images.pinned(name),
        "ports": [],
        **fields,
    }


def shown(images: Images) -> dict[str, Any]:
    """The signed app, at a port of the node."""
    ports = [{"name": "http", "port": ANSWERS_AT, "targetPort": "http"}]
    return app(images, "signed", ports=None, service={"type": "LoadBalancer", "ports": ports})


def greeting(lab: Lab) -> str:
    """What the signed app answers."""
    answer = wait_for_answer(lab.node("edge-1"), "/hello/Ada", port=ANSWERS_AT, within=30)
    told: str = json.loads(answer.body)["greeting"]
    return told


def pod(name: str, image: str, **spec: Any) -> dict[str, Any]:
    """A bare pod that Pod Security admission has nothing against."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": HELD},
        "spec": {
            "runtimeClassName": "shimyard-wasmtime",
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "it",
                    "image": image,
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
            **spec,
        },
    }


def refused(act: Callable[[], object]) -> str:
    """The API server's words."""
    with pytest.raises(CommandError) as told:
        act()
    return str(told.value.output)


def test_a_signed_artifact_runs_and_answers(lab: Lab) -> None:
    assert greeting(lab) == "Hello, Ada!"


def test_a_tag_becomes_the_digest_that_was_verified(kubectl: Kubectl, images: Images) -> None:
    kubectl.apply(pod("by-tag", images.tagged("signed")))
    made = kubectl.get("pod", "by-tag", f"--namespace={HELD}")
    assert made["spec"]["containers"][0]["image"] == images.pinned("signed")
    kubectl("delete", "pod", "by-tag", f"--namespace={HELD}")


def test_a_namespace_that_is_exempt_is_not_held(kubectl: Kubectl) -> None:
    kubectl.wait_ready("shimyard.dev/app=unsigned", 1, EXEMPT)


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


@pytest.mark.parametrize("name", ["unsigned", "foreign"])
def test_up_is_refused_with_the_policys_name(
    project: Project, kubectl: Kubectl, lab: Lab, images: Images, name: str
) -> None:
    """Without a signature, and with one by another key."""
    before = project.config["apps"]
    project.config["apps"] = [*before, app(images, name)]
    project.write()
    run = project.up(status=None)
    assert run.status != 0
    assert f"failed policy: {POLICY}" in run.output
    assert images.tagged(name) in run.output
    assert kubectl.get("deployments", f"--namespace={HELD}")["items"][1:] == []
    assert f"failed policy: {POLICY}" in project.preview(status=None).output
    project.config["apps"] = before
    project.write()
    project.up()
    assert greeting(lab) == "Hello, Ada!"


def test_who_goes_past_the_stack_is_refused_too(kubectl: Kubectl, images: Images) -> None:
    told = refused(lambda: kubectl.apply(pod("bare", images.tagged("unsigned"))))
    assert f"failed policy: {POLICY}: spec.containers[0].image" in told
    told = refused(lambda: kubectl.apply(pod("elsewhere", "registry.lab/greeter:artifact")))
    assert "registry.lab/greeter:artifact must be an image digest" in told
    digest = "registry.lab/greeter@sha256:" + "ab" * 32
    assert "no matching policies" in refused(lambda: kubectl.apply(pod("unknown", digest)))
    volume = {"name": "it", "image": {"reference": images.tagged("unsigned")}}
    told = refused(lambda: kubectl.apply(pod("volume", images.tagged("signed"), volumes=[volume])))
    assert "signed images only: an image that is mounted as a volume" in told


def test_the_controller_accepts_whatever_the_settings_can_say(kubectl: Kubectl) -> None:
    """Keyless and private Sigstores too, which nobody here could sign for."""
    accepted = []
    for each in yaml.safe_load_all(EVERYTHING.read_text()):
        if each.get("apiVersion", "").startswith("policy.sigstore.dev/"):
            kubectl.apply(each, "--dry-run=server")
            accepted.append(each["kind"])
    assert sorted(accepted) == [
        "ClusterImagePolicy",
        "ClusterImagePolicy",
        "TrustRoot",
        "TrustRoot",
    ]
    broken = {"authorities": [{"name": "none"}], "images": [{"glob": "**"}]}
    policy = {"apiVersion": POLICY_VERSION, "kind": "ClusterImagePolicy"}
    told = refused(lambda: kubectl.apply({**policy, "metadata": {"name": "a"}, "spec": broken}))
    assert "expected exactly one, got neither" in told


def test_a_tag_that_moves_to_other_content_takes_no_pod_along(
    project: Project, kubectl: Kubectl, lab: Lab, images: Images
) -> None:
    project.config["apps"].append(app(images, "moved"))
    project.write()
    project.up()
    old = images.pinned("moved")
    images.push("moved", entrypoint="/other.wasm")
    assert images.pinned("moved") != old
    # The pods that are there have a digest, and so have those that replace them.
    (first,) = kubectl.pods("shimyard.dev/app=moved", HELD)
    kubectl("delete", "pod", f"--namespace={HELD}", first["metadata"]["name"])
    kubectl.wait_ready("shimyard.dev/app=moved", 1, HELD)
    # Whoever goes by the tag is refused, and so is a stack that names what it leads to now.
    told = refused(lambda: kubectl.apply(pod("moved", images.tagged("moved"))))
    assert f"failed policy: {POLICY}" in told
    project.config["apps"][-1] = app(images, "moved")
    project.write()
    run = project.up(status=None)
    assert run.status != 0
    assert f"failed policy: {POLICY}" in run.output
    (last,) = kubectl.pods("shimyard.dev/app=moved", HELD)
    assert last["spec"]["containers"][0]["image"] == old
    project.config["apps"].pop()
    project.write()
    project.up()


def test_a_controller_that_is_down_lets_nothing_in_and_holds_nothing_back(
    project: Project, kubectl: Kubectl, lab: Lab, images: Images
) -> None:
    kubectl("scale", *CONTROLLER, "--replicas=0")

    def remains() -> str | None:
        left = kubectl.pods("role=webhook", "cosign-system")
        return f"{len(left)} pods" if left else None

    wait_for("the end of the controller", remains, seconds=90, interval=0.5)
    assert greeting(lab) == "Hello, Ada!"
    told = refused(lambda: kubectl.apply(pod("signed", images.tagged("signed"))))
    assert 'failed calling webhook "policy.sigstore.dev"' in told
    # Foreground deletion changes the Deployment once more.
    kubectl("delete", "deployment", "signed", f"--namespace={HELD}", "--cascade=foreground",
            "--timeout=60s")  # fmt: skip
    kubectl("delete", "namespace", HELD, "--timeout=90s")
    kubectl("scale", *CONTROLLER, "--replicas=1")
    kubectl("rollout", "status", *CONTROLLER, "--timeout=90s")
    project.refresh()
    project.up()
    assert greeting(lab) == "Hello, Ada!"


def test_nothing_of_it_is_left(project: Project, kubectl: Kubectl) -> None:
    for section in ("security", "namespaces", "apps"):
        del project.config[section]
    project.write()
    project.up()
    kinds = "namespaces,crds,validatingwebhookconfigurations,mutatingwebhookconfigurations"
    kinds += ",validatingadmissionpolicies,clusterroles,clusterrolebindings"
    left = {each["metadata"]["name"] for each in kubectl.get(kinds)["items"]}
    assert not {name for name in left if "sigstore" in name or "cosign" in name}
    assert not left & {HELD, EXEMPT, "shimyard-signed-images", "policy-controller-rbac"}
    project.destroy()
