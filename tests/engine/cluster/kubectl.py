"""What a test asks the cluster: by a server's own kubectl, over the lab's way into the node."""

from __future__ import annotations

import json
from typing import Any

from lab.deadline import wait_for
from lab.nodes.node import Node


class Kubectl:
    """kubectl on a lab node that is a server."""

    def __init__(self, server: Node) -> None:
        self._server = server

    def __call__(self, *words: str) -> str:
        """What one command prints; fails with kubectl's words."""
        return self._server.run(["/usr/local/bin/k3s", "kubectl", *words]).stdout

    def get(self, *words: str) -> Any:
        """One object, or a list of them, as JSON."""
        return json.loads(self("get", *words, "-o", "json"))

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Node objects by name."""
        return {each["metadata"]["name"]: each for each in self.get("nodes")["items"]}

    def apply(self, manifest: dict[str, Any], *options: str) -> None:
        """Create or change one object."""
        command = ["/usr/local/bin/k3s", "kubectl", "apply", *options, "-f", "-"]
        self._server.run(command, stdin=json.dumps(manifest))

    def pods(self, selector: str, namespace: str = "default") -> list[dict[str, Any]]:
        """The pods that a label selects and that are not ending."""
        found: list[dict[str, Any]] = self.get("pods", "-n", namespace, "-l", selector)["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def wait_ready(self, selector: str, count: int, namespace: str = "default") -> None:
        """Wait until ``count`` pods of the selector are Ready."""

        def missing() -> str | None:
            ready = [pod for pod in self.pods(selector, namespace) if is_ready(pod)]
            return None if len(ready) == count else f"{len(ready)} of {count} ready"

        wait_for(f"pods {selector}", missing, seconds=90, interval=0.5)


def is_ready(thing: dict[str, Any]) -> bool:
    """Whether a pod or a node says that it is Ready."""
    conditions = thing.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
