"""cert-manager on a real cluster: who signs, what is signed, what is refused, and the end."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lab.builds.inventory import BuiltArtifacts
from lab.builds.pebble import pebble
from lab.certmanager.recipe import REGISTRY, publish
from lab.deadline import wait_for
from lab.errors import CommandError
from lab.images.packaging import linux_image
from lab.images.registry_client import RegistryClient
from lab.ingress.objects import NAMESPACE, objects
from lab.ingress.recipe import ingress
from lab.instance import Lab
from lab.registry import registry_url
from tests.engine.cluster.acme import AcmeServer
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 2
# Nothing is upgraded here.
K3S_VERSIONS = 1
ENTRANCE = "edge-2"
# A name that the cluster's own DNS leads to the ingress controller, for whoever asks in it.
ACME_HOST = f"entrance.{NAMESPACE}.svc.cluster.local"

ISSUERS: list[dict[str, Any]] = [
    {"name": "site", "ca": {"secretName": "site-root"}},
    {"name": "root", "selfSigned": {}},
]
CERTIFICATES: list[dict[str, Any]] = [
    {"name": "own", "namespace": "shop", "issuer": "root", "dnsNames": ["own.shop.lab"]},
    {
        "name": "front",
        "namespace": "shop",
        "secretName": "front-tls",
        "issuer": "site",
        "dnsNames": ["front.shop.lab"],
        "ipAddresses": ["10.0.0.7"],
    },
    {
        "name": "site-root",
        "namespace": "cert-manager",
        "issuer": "root",
        "commonName": "Site root",
        "isCa": True,
        "duration": "87600h",
    },
]


@pytest.fixture(scope="module")
def manager(lab: Lab) -> dict[str, Any]:
    """The section; chart and images stand where their publisher's registry has them."""
    chart = publish(registry_url(lab.settings), "amd64")
    return {
        "chart": {"version": chart.version, "digest": chart.image.digest},
        "timeout": 180,
        "issuers": ISSUERS,
        "certificates": CERTIFICATES,
    }


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    manager: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """From bare machines to certificates in one go."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("certificates"))
    mirror = f"{lab.settings.gateway}:5000"
    made.environment["SHIMYARD_HELM_PLAIN_HTTP"] = mirror
    made.config = cluster_stack(lab, built, ["edge-1", ENTRANCE], servers=["edge-1"])
    made.config["runtime"]["registries"].append(
        {"host": REGISTRY, "mirrors": [{"url": f"http://{mirror}"}]}
    )
    made.config["namespaces"] = [{"name": "shop"}]
    made.config["platform"] = {"certManager": manager}
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module")
def kubectl(project: Project, lab: Lab) -> Kubectl:
    return Kubectl(lab.node("edge-1"))


class Pair:
    """What is in a certificate's Secret."""

    def __init__(self, kubectl: Kubectl, name: str, namespace: str = "shop") -> None:
        data = kubectl.get("secret", name, f"--namespace={namespace}")["data"]
        self.files = {key: base64.b64decode(value) for key, value in data.items()}
        self.leaf = x509.load_pem_x509_certificate(self.files["tls.crt"])
        key = load_pem_private_key(self.files["tls.key"], None)
        assert key.public_key() == self.leaf.public_key()

    @property
    def names(self) -> list[str]:
        """The hosts and addresses that it is for."""
        found = self.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = map(str, found.get_values_for_type(x509.IPAddress))
        return [*found.get_values_for_type(x509.DNSName), *addresses]

    def serves(self, host: str, *, trusted_by: bytes, folder: Path) -> None:
        """Make a TLS connection between a server that has it and a client that trusts a CA."""
        for name in ("tls.crt", "tls.key"):
            (folder / name).write_bytes(self.files[name])
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        client = ssl.create_default_context(cadata=trusted_by.decode())
        up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = [
            client.wrap_bio(down, up, server_hostname=host),
            server.wrap_bio(up, down, server_side=True),
        ]
        for _ in range(4):
            for end in ends:
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        assert ends[0].getpeercert()


def test_a_certificate_signs_itself(kubectl: Kubectl, tmp_path: Path) -> None:
    own = Pair(kubectl, "own")
    assert own.names == ["own.shop.lab"]
    own.leaf.verify_directly_issued_by(own.leaf)
    own.serves("own.shop.lab", trusted_by=own.files["tls.crt"], folder=tmp_path)


def test_a_ca_of_the_stack_signs_what_its_clients_trust(kubectl: Kubectl, tmp_path: Path) -> None:
    root, front = Pair(kubectl, "site-root", "cert-manager"), Pair(kubectl, "front-tls")
    assert front.names == ["front.shop.lab", "10.0.0.7"]
    front.leaf.verify_directly_issued_by(root.leaf)
    assert front.files["ca.crt"] == root.files["tls.crt"]
    front.serves("front.shop.lab", trusted_by=root.files["tls.crt"], folder=tmp_path)
    own = Pair(kubectl, "own")
    with pytest.raises(ssl.SSLCertVerificationError):
        own.serves("own.shop.lab", trusted_by=root.files["tls.crt"], folder=tmp_path)


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


def test_the_webhook_answers_what_the_schema_can_not(kubectl: Kubectl) -> None:
    with pytest.raises(CommandError, match="at least one of"):
        kubectl.apply(
            {
                "apiVersion": "cert-manager.io/v1",
                "kind": "Certificate",
                "metadata": {"name": "nothing", "namespace": "shop"},
                "spec": {"secretName": "nothing", "issuerRef": {"name": "root"}},
            }
        )


def test_another_chart_than_the_pinned_one_is_refused_before_anything_changes(
    project: Project, manager: dict[str, Any], kubectl: Kubectl
) -> None:
    pods = {each["metadata"]["uid"] for each in kubectl.get("pods", "-n", "cert-manager")["items"]}
    wrong = {**manager["chart"], "digest": f"sha256:{'0' * 64}"}
    project.config["platform"] = {
        "certManager": {**manager, "chart": wrong, "values": {"replicaCount": 2}}
    }
    project.write()
    for told in (project.preview(status=None), project.up(status=None)):
        assert told.status != 0
        assert (
            f"chart reference digest mismatch: {manager['chart']['digest']} is not "
            f"{wrong['digest']}" in told.output
        )
    left = kubectl.get("pods", "-n", "cert-manager")["items"]
    assert {each["metadata"]["uid"] for each in left} == pods
    project.config["platform"] = {"certManager": manager}
    project.write()
    assert "updated" not in project.up().output


def test_an_acme_ca_signs_for_a_host_that_was_proven(
    project: Project, manager: dict[str, Any], lab: Lab, kubectl: Kubectl
) -> None:
    registry = RegistryClient(registry_url(lab.settings))
    for name, program in (("ingress", ingress("amd64")), ("pebble", pebble("amd64"))):
        registry.push(linux_image(f"/{name}", program.read_bytes(), "amd64"), name, "native")
    server = AcmeServer()
    entrance = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "entrance", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "ingress"}, "ports": [{"port": 80}]},
    }
    for each in (
        *objects("registry.lab/ingress:native", ENTRANCE),
        entrance,
        *server.objects("registry.lab/pebble:native"),
    ):
        kubectl.apply(each)
    kubectl.wait_ready("app=ingress", 1, NAMESPACE)
    kubectl.wait_ready("app=pebble", 1, "acme")
    issuer = {
        "name": "public",
        "namespace": "shop",
        "acme": {
            "server": server.directory,
            "email": "ops@example.com",
            "caBundle": server.ca_bundle,
            "externalAccount": {"keyId": server.key_id, "key": project.secret(server.key)},
            "solvers": [{"http01": {}}],
        },
    }
    proven = {"name": "proven", "namespace": "shop", "issuer": "public", "dnsNames": [ACME_HOST]}
    project.config["platform"] = {
        "certManager": {
            **manager,
            "issuers": [*ISSUERS, issuer],
            "certificates": [*CERTIFICATES, proven],
        }
    }
    project.write()
    project.up()
    pair = Pair(kubectl, "proven")
    assert pair.names == [ACME_HOST]
    assert "Pebble Intermediate CA" in pair.leaf.issuer.rfc4514_string()
    assert not [path for path in project.state_files if server.key in path.read_text()]


def test_a_function_has_a_certificate_for_its_routes(
    project: Project, manager: dict[str, Any], kubectl: Kubectl
) -> None:
    function = {
        "name": "greeter",
        "artifact": "registry.lab/greeter:artifact",
        "autoscaling": None,
        "replicas": 1,
    }
    project.config["platform"] = {
        "certManager": manager,
        "serverless": {
            "handler": "wasmtime",
            "domain": "fn.lab",
            "tlsIssuer": "site",
            "tenants": [{"name": "acme-fn", "functions": [function]}],
        },
    }
    project.write()
    project.up()
    urls = project.outputs()["platform"]["functions"]["acme-fn/greeter"]
    assert urls == ["https://greeter.acme-fn.fn.lab/"]

    def missing() -> str | None:
        secrets = kubectl.get("secrets", "--namespace=acme-fn")["items"]
        names = [each["metadata"]["name"] for each in secrets]
        return None if "greeter-tls" in names else str(names)

    wait_for("the certificate", missing, seconds=30, interval=0.5)
    pair = Pair(kubectl, "greeter-tls", "acme-fn")
    assert pair.names == ["greeter.acme-fn.fn.lab"]
    pair.leaf.verify_directly_issued_by(Pair(kubectl, "site-root", "cert-manager").leaf)


def test_what_is_taken_out_of_the_stack_leaves_nothing(project: Project, kubectl: Kubectl) -> None:
    del project.config["platform"]
    project.write()
    project.up()
    left = [
        each["metadata"]["name"]
        for kind in ("namespaces", "crds", "validatingwebhookconfigurations", "clusterroles")
        for each in kubectl.get(kind)["items"]
    ]
    assert not [name for name in left if "cert-manager" in name]

    def missing() -> str | None:
        found = {each["metadata"]["name"] for each in kubectl.get("secrets", "-n", "shop")["items"]}
        # The key of an ACME account is its owner's.
        return None if found <= {"public-account"} else str(found)

    wait_for("the end of the certificates' Secrets", missing, seconds=30, interval=0.5)


def test_no_issuer_meets_a_webhook_that_the_api_server_can_not_ask_yet(
    project: Project, manager: dict[str, Any], kubectl: Kubectl
) -> None:
    # Nobody tells the API server of the webhook's CA.
    unready = {**manager, "timeout": 20, "values": {"cainjector": {"replicaCount": 0}}}
    project.config["platform"] = {"certManager": unready}
    project.write()
    for hook in ("post-install", "post-upgrade"):
        told = project.up(status=None)
        assert told.status != 0
        assert hook in told.output
        assert kubectl.get("clusterissuers")["items"] == []
    project.config["platform"] = {"certManager": manager}
    project.write()
    project.up()
    assert Pair(kubectl, "front-tls").names == ["front.shop.lab", "10.0.0.7"]


def test_a_destroy_ends_all_of_it(project: Project, kubectl: Kubectl) -> None:
    # Nothing would start these again elsewhere, so a drain leaves them alone.
    for pod, namespace in (("ingress", NAMESPACE), ("pebble", "acme")):
        kubectl("delete", "pod", pod, "-n", namespace, "--ignore-not-found")
    project.destroy()
    assert [each for each in project.resources() if each["type"] != "pulumi:pulumi:Stack"] == []
