"""A cluster on lab nodes, installed by hand: what K3s' installer and unit files would do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lab.deadline import wait_for
from lab.instance import Lab
from lab.nodes.node import Node

Role = Literal["server", "agent"]

DATA = "/var/lib/rancher/k3s"
UNITS: Mapping[Role, str] = {"server": "k3s.service", "agent": "k3s-agent.service"}
# The settings are those of the units in K3s' install.sh.
UNIT = """\
[Unit]
Description=K3s
After=network.target

[Service]
Type=notify
ExecStart=/usr/local/bin/k3s {role}
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity
TimeoutStartSec=0
Restart={restart}
RestartSec=5s

[Install]
WantedBy=multi-user.target
"""
CGROUP_V1 = "fail-cgroupv1=false"


@dataclass
class Cluster:
    """A lab with K3s on its nodes."""

    lab: Lab
    binary: Path
    images: Mapping[str, Path]

    @property
    def nodes(self) -> list[Node]:
        return self.lab.nodes

    @property
    def server(self) -> Node:
        """The first machine."""
        return self.nodes[0]

    def prepare(
        self, node: Node, role: Role, config: Mapping[str, Any], *, restart: str = "always"
    ) -> None:
        """Put the program, its unit, its settings and the images on a machine; starts nothing."""
        target = node.root / "usr/local/bin/k3s"
        # Another role of the machine may run it.
        target.unlink(missing_ok=True)
        shutil.copyfile(self.binary, target)
        target.chmod(0o755)
        text = json.dumps({"kubelet-arg": [CGROUP_V1], **config})
        self.write(node, "/etc/rancher/k3s/config.yaml", text)
        self.write(
            node,
            f"/etc/systemd/system/{UNITS[role]}",
            UNIT.format(role=role, restart=restart),
        )
        for name, path in self.images.items():
            shutil.copyfile(path, node.root / "opt" / name)
        node.run(["mkdir", "-p", f"{DATA}/agent/images"])
        node.run(["sh", "-c", f"cp /opt/*.tar {DATA}/agent/images/"])
        node.run(["systemctl", "daemon-reload"])

    def start(self, node: Node, role: Role, config: Mapping[str, Any], **more: Any) -> None:
        """Have K3s running on a machine; systemd says when it is ready."""
        self.prepare(node, role, config, **more)
        node.run(["systemctl", "start", UNITS[role]], seconds=300)

    def write(self, node: Node, path: str, text: str) -> None:
        """Write a file, through the machine: its volumes are no part of its root here."""
        node.run(["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path], stdin=text)

    def token(self, name: str = "token", node: Node | None = None) -> str:
        """A token file of a server: ``token``, ``node-token`` or ``agent-token``."""
        return (node or self.server).run(["cat", f"{DATA}/server/{name}"]).stdout.strip()

    def url(self, node: Node | None = None) -> str:
        return f"https://{(node or self.server).address}:6443"

    def kubectl(self, *argv: str, node: Node | None = None, stdin: str | None = None) -> str:
        """kubectl's output, on a server."""
        command = ["k3s", "kubectl", *argv]
        return (node or self.server).run(command, stdin=stdin, seconds=120).stdout

    def get(self, *argv: str, node: Node | None = None) -> Any:
        """What kubectl gets, as data."""
        return json.loads(self.kubectl("get", *argv, "--output=json", node=node))

    def apply(self, *objects: Mapping[str, Any], server_side: bool = False) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        how = f"--server-side={str(server_side).lower()}"
        self.kubectl("apply", how, "--filename=-", stdin=json.dumps(listed))

    def ready(self, node: Node | None = None) -> set[str]:
        """The names of the nodes that are Ready."""
        return {
            each["metadata"]["name"]
            for each in self.get("nodes", node=node)["items"]
            if ("Ready", "True") in {(c["type"], c["status"]) for c in each["status"]["conditions"]}
        }

    def wait_ready(self, *names: str, node: Node | None = None, seconds: float = 60) -> float:
        """Wait until exactly these nodes are Ready; the seconds."""

        def missing() -> str | None:
            found = self.ready(node)
            return None if found == set(names) else f"ready are {sorted(found)}"

        return wait_for(f"nodes {names}", missing, seconds=seconds, interval=0.5)

    def wait_pods(self, selector: str, count: int, *, seconds: float = 120) -> list[dict[str, Any]]:
        """Wait until so many pods are Ready; they."""
        found: list[dict[str, Any]] = []

        def missing() -> str | None:
            found[:] = [
                pod
                for pod in self.get("pods", f"--selector={selector}")["items"]
                if ("Ready", "True")
                in {(c["type"], c["status"]) for c in pod["status"].get("conditions", [])}
            ]
            if len(found) == count:
                return None
            return self.kubectl("get", "pods,events", "--output=wide")

        wait_for(f"{count} pods {selector}", missing, seconds=seconds, interval=0.5)
        return found

    def ask(self, address: str, path: str, *, node: Node | None = None) -> str:
        """What a probe answers, or the error, asked from a machine of the lab."""
        url = f"http://{address}{path}"
        asked = (node or self.server).run(
            ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "8", url],
            check=False,
        )
        return asked.stdout + asked.stderr

    def log(self, node: Node, role: Role) -> str:
        """What K3s has logged."""
        return node.run(
            ["journalctl", "--no-pager", "--output=cat", f"--unit={UNITS[role]}"]
        ).stdout


def probes(name: str, replicas: int, **pod: Any) -> dict[str, Any]:
    """A deployment of probes, on different nodes if there are enough."""
    labels = {"app": name}
    container = {
        "name": "probe",
        "image": "docker.io/lab/probe:1",
        "imagePullPolicy": "Never",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "10m"}},
        **pod.pop("container", {}),
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    spec = {
        "terminationGracePeriodSeconds": 1,
        "topologySpreadConstraints": [spread],
        "containers": [container],
        **pod,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def service(name: str, kind: str = "ClusterIP") -> dict[str, Any]:
    """A service on port 80 for the probes of that name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "type": kind,
            "selector": {"app": name},
            "ports": [{"port": 80, "targetPort": 8080}],
        },
    }
