"""SpinKube on a real cluster, with the lab's stand-ins for its operator and its shim."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.certmanager import recipe as certmanager
from lab.errors import CommandError
from lab.images.packaging import classic_image, linux_image
from lab.images.registry_client import RegistryClient
from lab.ingress.objects import NAMESPACE, objects
from lab.ingress.recipe import ingress
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.plugins.recipe import hostile_plugin
from lab.registry import registry_url
from lab.spin import recipe as spin
from shimyard.settings.capabilities import capability_label
from tests.engine.cluster.answers import Answer, ask, wait_for_answer
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 2
# Nothing is upgraded here.
K3S_VERSIONS = 1
# The other machine is one whose canary has not passed: no pod of the handler may go there.
ABLE, UNABLE = "edge-2", "edge-1"
ENTRANCE, HOST = ABLE, "teller.lab"
READY = "core.spinkube.dev/app-name={}"
# A module whose `_start` does nothing: the stand-in for the shim runs no Spin application.
CANARY = bytes.fromhex(
    "0061736d01000000"
    "010401600000"
    "03020100"
    "0503010001"
    "0713" "02" "065f7374617274" "0000" "066d656d6f7279" "0200"
    "0a040102000b"
)  # fmt: skip
TELLER: dict[str, Any] = {
    "name": "teller",
    "namespace": "shop",
    "image": "registry.lab/teller:1",
    "replicas": 2,
    "variables": [
        {"name": "greeting", "value": "hello"},
        {"name": "api_token", "secretValue": "token-1"},
    ],
    "runtimeConfig": {"text": '[key_value_store.default]\ntype = "spin"\n'},
    "checks": {"readiness": {"httpGet": {"path": "/ready"}, "periodSeconds": 1}},
    "ingress": {"routes": [{"host": HOST}]},
}
SCALED: dict[str, Any] = {
    "name": "scaled",
    "namespace": "shop",
    "image": "registry.lab/teller:1",
    "autoscaling": {"minReplicas": 3, "maxReplicas": 4},
}


@pytest.fixture(scope="module")
def built() -> BuiltArtifacts:
    """What the machines need, with the stand-in for the spin shim."""
    names = {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
    machines = [each for each in recipes() if each.name in names]
    k3s = k3s_recipes("amd64")[:K3S_VERSIONS]
    return build_all(wanted=[*machines, *k3s, spin.spin_shim("amd64")])


@pytest.fixture(scope="module")
def charts(lab: Lab) -> dict[str, Any]:
    """Both charts' sections; they and all images stand where their publishers have them."""
    url = registry_url(lab.settings)
    registry = RegistryClient(url)
    registry.push(classic_image("/canary.wasm", CANARY), "canary", "1")
    registry.push(spin.application("teller", hostile_plugin().read_bytes()), "teller", "1")
    program = ingress("amd64").read_bytes()
    registry.push(linux_image("/ingress", program, "amd64"), "ingress", "native")
    made = {
        "certManager": certmanager.publish(url, "amd64"),
        "spinKube": spin.publish(url, "amd64"),
    }
    return {
        part: {"chart": {"version": chart.version, "digest": chart.image.digest}, "timeout": 180}
        for part, chart in made.items()
    }


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    charts: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A cluster with an ingress controller, and a machine without the handler's label; then all."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("spin"))
    mirror = f"{lab.settings.gateway}:5000"
    made.environment["SHIMYARD_HELM_PLAIN_HTTP"] = mirror
    made.config = cluster_stack(lab, built, [UNABLE, ABLE], servers=[UNABLE])
    often = {"kube-controller-manager-arg": ["horizontal-pod-autoscaler-sync-period=5s"]}
    made.config["cluster"]["serverConfig"] = often
    runtime = made.config["runtime"]
    runtime["registries"] += [
        {"host": host, "mirrors": [{"url": f"http://{mirror}"}]}
        for host in (certmanager.REGISTRY, spin.REGISTRY)
    ]
    version = built.find(spin.SHIM).version
    shim = {"name": "spin", "version": version, "canaryImage": "registry.lab/canary:1"}
    runtime["shims"] = [*runtime["shims"], shim]
    made.config["namespaces"] = [{"name": "shop", "podSecurity": {"enforce": "baseline"}}]
    made.write()
    made.up()
    kubectl = Kubectl(lab.node(UNABLE))
    for each in objects("registry.lab/ingress:native", ENTRANCE):
        kubectl.apply(each)
    kubectl.wait_ready("app=ingress", 1, NAMESPACE)
    kubectl("label", "node", UNABLE, f"{capability_label('spin')}-")
    made.config["platform"] = {**charts, "spinApps": [TELLER, SCALED]}
    made.write()
    # Cert-manager, the operator, its kinds, an executor and applications, in one go.
    made.up()
    return made


@pytest.fixture(scope="module", autouse=True)
def kubectl(project: Project, lab: Lab) -> Kubectl:
    assert project.config
    return Kubectl(lab.node(UNABLE))


def answered(lab: Lab, word: str) -> str:
    """The application's environment through Ingress and Service, once ``word`` is in it."""
    node, headers = lab.node(ENTRANCE), {"Host": HOST}

    def told(answer: Answer) -> bool:
        return answer.status == 200 and word in answer.body

    # A connection to a pod that ends may hang.
    return wait_for_answer(node, "/environment", told, headers=headers, seconds=5).body


def test_an_application_answers_with_its_variables_and_its_configuration(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    kubectl.wait_ready(READY.format("teller"), 2, "shop")
    told = answered(lab, "SPIN_VARIABLE_API_TOKEN")
    assert '("SPIN_VARIABLE_GREETING", "hello")' in told
    assert '("SPIN_VARIABLE_API_TOKEN", "token-1")' in told
    spec = kubectl.get("spinapp", "teller", "-n", "shop")["spec"]
    assert "token-1" not in str(spec)
    # A Secret's key as a file, both by the names of the operator's contract.
    file = ask(lab.node(ENTRANCE), "/file?/runtime-config.toml", headers={"Host": HOST})
    assert (file.status, file.body) == (200, TELLER["runtimeConfig"]["text"])
    secret = kubectl.get("secret", spec["runtimeConfig"]["loadFromSecret"], "-n", "shop")
    assert list(secret["data"]) == ["runtime-config.toml"]
    assert project.outputs()["platform"]["spinApps"]["shop/teller"] == {
        "url": "http://teller.shop.svc",
        "urls": [f"http://{HOST}/"],
    }


def test_pods_go_only_where_the_handler_is_proven(kubectl: Kubectl) -> None:
    kubectl.wait_ready(READY.format("scaled"), 3, "shop")
    pods = [
        each for app in ("teller", "scaled") for each in kubectl.pods(READY.format(app), "shop")
    ]
    assert {each["spec"]["runtimeClassName"] for each in pods} == {"shimyard-spin"}
    assert {each["spec"]["nodeName"] for each in pods} == {ABLE}


def test_an_autoscaler_decides_how_many_pods_there_are(kubectl: Kubectl) -> None:
    scaler = kubectl.get("hpa", "scaled", "-n", "shop")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 4)
    assert scaler["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    app = kubectl.get("spinapp", "scaled", "-n", "shop")
    assert app["spec"]["enableAutoscaling"]
    assert "replicas" not in app["spec"]
    # The operator does not take back what the autoscaler says.
    assert kubectl.get("deployment", "scaled", "-n", "shop")["spec"]["replicas"] == 3


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


def test_the_operators_webhook_refuses_what_the_schema_lets_through(kubectl: Kubectl) -> None:
    for spec, told in (
        ({"executor": "containerd-shim-spin"}, "spec.replicas: must be more than 0"),
        ({"executor": "other", "replicas": 1}, 'spec.executor: "other" does not exist'),
    ):
        with pytest.raises(CommandError, match=re.escape(told)):
            kubectl.apply(
                {
                    "apiVersion": "core.spinkube.dev/v1alpha1",
                    "kind": "SpinApp",
                    "metadata": {"name": "bad", "namespace": "shop"},
                    "spec": {"image": "registry.lab/teller:1", **spec},
                }
            )


def test_another_secret_reaches_the_application(project: Project, lab: Lab) -> None:
    other = {"name": "api_token", "secretValue": "token-2"}
    changed = {**TELLER, "variables": [*TELLER["variables"][:1], other]}
    project.config["platform"]["spinApps"] = [changed, SCALED]
    project.write()
    project.up()
    answered(lab, '("SPIN_VARIABLE_API_TOKEN", "token-2")')


def test_all_of_it_goes_again_in_order(project: Project, kubectl: Kubectl) -> None:
    del project.config["platform"]
    project.write()
    project.up()
    kinds = {each["metadata"]["name"] for each in kubectl.get("crds")["items"]}
    assert not [each for each in kinds if "spinkube" in each or "cert-manager" in each]
    names = {each["metadata"]["name"] for each in kubectl.get("namespaces")["items"]}
    assert not names & {"spin-operator", "cert-manager"}
    kubectl.wait_ready(READY.format("teller"), 0, "shop")
    assert kubectl.get("deployments,services,hpa,pdb,secrets", "-n", "shop")["items"] == []
