"""Single Wasm pods for a test to look at, and images for them."""

from __future__ import annotations

from typing import Any

from lab.deadline import wait_for
from lab.images.content import Image
from lab.images.registry_client import RegistryClient
from lab.instance import Lab
from lab.registry import registry_url
from tests.engine.cluster.doctor import BROKEN
from tests.engine.cluster.kubectl import Kubectl, is_ready

CLASS = "shimyard-wasmtime"
GREETER = "registry.lab/greeter:artifact"


def wasm_pod(name: str, image: str = GREETER, **container: Any) -> dict[str, Any]:
    """A pod of one container, of the Wasm artifact ``image``, on the node that is broken."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "runtimeClassName": CLASS,
            "terminationGracePeriodSeconds": 1,
            "nodeSelector": {"kubernetes.io/hostname": BROKEN},
            "containers": [{"name": name, "image": image, **container}],
        },
    }


def wait_running(kubectl: Kubectl, *names: str) -> None:
    """Wait until the pods are Ready."""

    def missing() -> str | None:
        pods = [kubectl.get("pod", name) for name in names]
        late = [pod["status"] for pod in pods if not is_ready(pod)]
        return str(late) if late else None

    wait_for("the pods", missing, seconds=90, interval=0.5)


def push(lab: Lab, image: Image, name: str) -> str:
    """Put an image into the lab's registry; the nodes' name of it."""
    RegistryClient(registry_url(lab.settings)).push(image, name, "1")
    return f"registry.lab/{name}:1"
