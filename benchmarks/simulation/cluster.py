"""A stand-in for a cluster: what a server's kubectl would say of Node objects kept in memory."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

SERVER_UNIT: Final = "k3s.service"
_CA: Final = hashlib.sha256(b"a certificate authority").hexdigest()
_KUBECONFIG: Final = """\
apiVersion: v1
kind: Config
clusters: [{name: default, cluster: {server: "https://127.0.0.1:6443"}}]
users: [{name: default, user: {token: none}}]
contexts: [{name: default, context: {cluster: default, user: default}}]
current-context: default
"""


@dataclass
class SimulatedNode:
    """A Node object, always Ready."""

    server: bool
    labels: dict[str, str] = field(default_factory=dict)
    taints: list[str] = field(default_factory=list)


class SimulatedCluster:
    """Node objects by name. Safe for many threads."""

    def __init__(self) -> None:
        self.nodes: dict[str, SimulatedNode] = {}
        self._guard = threading.Lock()

    def join(self, name: str, *, server: bool) -> None:
        """A machine's K3s has started; its Node object has the labels that K3s gives it."""
        labels = {
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
        }
        if server:
            labels["node-role.kubernetes.io/control-plane"] = "true"
        with self._guard:
            self.nodes.setdefault(name, SimulatedNode(server, labels))

    def run(self, verb: str, arguments: Sequence[str]) -> tuple[int, str]:
        """The exit code and the output of ``node VERB`` on a server."""
        with self._guard:
            if verb == "members":
                wanted = arguments or list(self.nodes)
                return 0, "".join(self._member(name) for name in wanted if name in self.nodes)
            if verb == "access":
                config = base64.b64encode(_KUBECONFIG.encode()).decode()
                return 0, f"ca-sha256\t{_CA}\nkubeconfig\t{config}\n"
            if verb in {"label", "taint"} and arguments and arguments[0] in self.nodes:
                self._describe(verb, self.nodes[arguments[0]], arguments[1:])
                return 0, ""
        return 1, ""

    def _member(self, name: str) -> str:
        node = self.nodes[name]
        labels = "".join(f"{key}={value}," for key, value in node.labels.items())
        taints = "".join(f"{taint}," for taint in node.taints)
        server = "true" if node.server else "-"
        words = ("member", name, "True", "-", "-", server, "v1.32.3+k3s1", labels, taints)
        return "\t".join(words) + "\n"

    def _describe(self, verb: str, node: SimulatedNode, words: Sequence[str]) -> None:
        for word in words:
            gone = word.removesuffix("-")
            if verb == "taint" and word != gone:
                node.taints = [each for each in node.taints if not each.startswith(gone)]
            elif verb == "taint":
                node.taints.append(word)
            elif word != gone:
                node.labels.pop(gone, None)
            else:
                key, _, value = word.partition("=")
                node.labels[key] = value
