"""One server and one agent with the containerd that comes with K3s."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.deadline import wait_for
from tests.lab.k3s.cluster import DATA, Cluster, probes, service

pytestmark = pytest.mark.lab

SERVER, AGENT = "edge-1", "edge-2"
CONFIG = f"{DATA}/agent/etc/containerd"
RUNTIME = "plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes"


@pytest.fixture(scope="module")
def cluster(cluster_lab: Callable[[int], Cluster]) -> Cluster:
    made = cluster_lab(2)
    made.start(made.server, "server", {"disable": ["traefik"], "node-label": ["zone=north"]})
    agent = {
        "server": made.url(),
        "token": made.token("agent-token"),
        "node-taint": ["x=y:NoExecute"],
    }
    made.start(made.nodes[1], "agent", agent)
    made.wait_ready(SERVER, AGENT)
    return made


def test_nodes_have_their_roles_labels_and_taints(cluster: Cluster) -> None:
    role = "node-role.kubernetes.io/control-plane"

    def missing() -> str | None:
        # Controllers give a node its role, and take away that it is not ready, after it is.
        labels = cluster.get("node", SERVER)["metadata"]["labels"]
        taints = cluster.get("node", AGENT)["spec"].get("taints", [])
        told = labels.get(role), [(each["key"], each["effect"]) for each in taints]
        return None if told == ("true", [("x", "NoExecute")]) else f"role and taints {told}"

    wait_for("the server's role, and the agent's own taint alone", missing, seconds=30)
    server, agent = (cluster.get("node", name) for name in (SERVER, AGENT))
    assert server["metadata"]["labels"]["zone"] == "north"
    assert role not in agent["metadata"]["labels"]
    version = cluster.server.run(["k3s", "--version"]).stdout
    assert version.split()[2] == server["status"]["nodeInfo"]["kubeletVersion"]
    assert version.startswith("k3s version v1.")


def test_credentials_are_where_k3s_has_them_and_only_root_reads_them(cluster: Cluster) -> None:
    paths = ["/etc/rancher/k3s/k3s.yaml", f"{DATA}/server/token", f"{DATA}/server/node-token"]
    modes = cluster.server.run(["stat", "--dereference", "--format=%a", *paths]).stdout.split()
    assert modes == ["600", "600", "600"]
    kubeconfig = cluster.server.run(["cat", paths[0]]).stdout
    assert "server: https://127.0.0.1:6443" in kubeconfig
    assert "current-context: default" in kubeconfig
    insecure = ["curl", "--silent", "--insecure", f"{cluster.url()}/ping"]
    assert cluster.server.run(insecure).stdout == "pong"
    hashed = cluster.server.run(
        ["sh", "-c", f"curl --silent --insecure {cluster.url()}/cacerts | sha256sum"]
    ).stdout.split()[0]
    assert cluster.token().startswith(f"K10{hashed}::server:")


def test_snapshots_are_refused_without_embedded_etcd(cluster: Cluster) -> None:
    asked = cluster.server.run(["k3s", "etcd-snapshot", "save"], check=False)
    assert asked.returncode != 0
    assert "etcd datastore disabled" in asked.stdout + asked.stderr


def test_pods_go_on_while_k3s_restarts(cluster: Cluster) -> None:
    cluster.apply(probes("steady", 1))
    pod = cluster.wait_pods("app=steady", 1)[0]["status"]["podIP"]
    cluster.server.run(["systemctl", "stop", "k3s"])
    assert cluster.ask(f"{pod}:8080", "/name").startswith("steady-")
    cluster.server.run(["systemctl", "start", "k3s"], seconds=120)
    cluster.wait_ready(SERVER, AGENT)
    after = cluster.wait_pods("app=steady", 1)[0]
    assert after["status"]["podIP"] == pod
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0


def test_a_users_template_extends_the_base_and_a_redefined_table_kills_containerd(
    cluster: Cluster,
) -> None:
    node = cluster.server
    tables = (
        f'{{{{ template "base" . }}}}\n[{RUNTIME}.mine]\n  runtime_type = "io.containerd.runc.v2"\n'
    )
    cluster.write(node, f"{CONFIG}/config-v3.toml.tmpl", tables)
    node.run(["systemctl", "restart", "k3s"], seconds=120)
    rendered = node.run(["cat", f"{CONFIG}/config.toml"]).stdout
    assert f"[{RUNTIME}.mine]" in rendered
    mine = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "mine"}}
    cluster.apply({**mine, "handler": "mine"}, probes("mine", 1, runtimeClassName="mine"))
    cluster.wait_pods("app=mine", 1)

    cluster.write(node, f"{CONFIG}/config-v3.toml.tmpl", tables.replace(".mine", ".runc"))
    node.run(["systemctl", "stop", "k3s"])
    node.run(["systemctl", "start", "--no-block", "k3s"])
    wait_for(
        "containerd's complaint",
        lambda: (
            None
            if "runc"
            in (seen := node.run(["tail", f"{DATA}/agent/containerd/containerd.log"]).stdout)
            and "containerd:" in seen
            else seen
        ),
        seconds=30,
    )
    node.run(["rm", f"{CONFIG}/config-v3.toml.tmpl"])
    node.run(["systemctl", "restart", "k3s"], seconds=120)
    cluster.wait_ready(SERVER, AGENT)


def test_a_manifest_in_the_servers_folder_is_applied(cluster: Cluster) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {said: hello}\n"
    cluster.write(cluster.server, f"{DATA}/server/manifests/note.yaml", text)

    def missing() -> str | None:
        found = cluster.kubectl("get", "configmap", "note", "--ignore-not-found", "--output=name")
        return None if "note" in found else "no configmap"

    wait_for("the manifest's object", missing, seconds=30)
    assert cluster.get("configmap", "note")["data"] == {"said": "hello"}


def test_a_claims_volume_is_made_with_its_pod_and_goes_with_the_claim(cluster: Cluster) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    cluster.apply(claim, probes("keeper", 1, container=mount, volumes=volumes))
    pod = cluster.wait_pods("app=keeper", 1)[0]["status"]["podIP"]
    assert cluster.ask(f"{pod}:8080", "/write?path=/data/note&text=kept") == "written"
    volume = cluster.get("pv")["items"][0]
    assert volume["spec"]["storageClassName"] == "local-path"
    folder = volume["spec"].get("hostPath", volume["spec"].get("local"))["path"]
    assert folder.startswith("/var/lib/rancher/k3s/storage/")
    assert cluster.server.run(["cat", f"{folder}/note"]).stdout == "kept"

    cluster.kubectl("delete", "deployment/keeper", "pvc/data")

    def left() -> str | None:
        return cluster.kubectl("get", "pv", "--output=name") or None

    wait_for("the volume's end", left, seconds=60)
    assert cluster.server.run(["test", "-e", folder], check=False).returncode == 1


def test_a_service_of_type_load_balancer_answers_on_the_nodes(cluster: Cluster) -> None:
    cluster.apply(probes("front", 1), service("front", "LoadBalancer"))
    cluster.wait_pods("app=front", 1)

    def missing() -> str | None:
        status = cluster.get("service", "front")["status"]["loadBalancer"]
        addresses = [each["ip"] for each in status.get("ingress", [])]
        return None if str(cluster.server.address) in addresses else str(status)

    wait_for("the service's addresses", missing, seconds=60)

    def silent() -> str | None:
        answer = cluster.ask(str(cluster.server.address), "/name")
        return None if answer.startswith("front-") else answer

    wait_for("the answer", silent, seconds=30)
