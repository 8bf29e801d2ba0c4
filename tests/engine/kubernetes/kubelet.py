"""Stand-in for the kubelets of a cluster without nodes: it writes the statuses of pods.

It proves that the provider reads what kubelets report; not that real ones report it so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.engine.kubernetes.apiserver import Kubectl

Status = dict[str, Any]
_ADDRESS = "10.42.0.9"


def ready(pod: dict[str, Any]) -> Status:
    """The status of a pod whose containers all run and answer their probes."""
    containers = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": "sha256:0",
            "ready": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        }
        for each in pod["spec"]["containers"]
    ]
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    ]
    return {
        "phase": "Running",
        "podIP": _ADDRESS,
        "podIPs": [{"ip": _ADDRESS}],
        "conditions": conditions,
        "containerStatuses": containers,
    }


def waiting(reason: str, message: str, *, exit_code: int | None = None) -> Callable[..., Status]:
    """The status of a pod whose first container waits, perhaps after an end with a code."""

    def status(pod: dict[str, Any]) -> Status:
        container: dict[str, Any] = {
            "name": pod["spec"]["containers"][0]["name"],
            "image": pod["spec"]["containers"][0]["image"],
            "imageID": "",
            "ready": False,
            "restartCount": 3,
            "state": {"waiting": {"reason": reason, "message": message}},
        }
        if exit_code is not None:
            ended = {"exitCode": exit_code, "reason": "Error", "containerID": "containerd://0"}
            container["lastState"] = {"terminated": ended}
        conditions = [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": "False", "reason": "ContainersNotReady"},
        ]
        return {"phase": "Pending", "conditions": conditions, "containerStatuses": [container]}

    return status


def always(status: Status) -> Callable[..., Status]:
    """The same status for every pod."""
    return lambda _pod: status


@contextmanager
def kubelets(
    kubectl: Kubectl, namespace: str, report: Callable[[dict[str, Any]], Status] = ready
) -> Iterator[None]:
    """While the block runs, every new pod of the namespace gets the status from ``report``."""
    end = threading.Event()
    seen: set[str] = set()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not end.wait(0.2):
                for pod in kubectl.pods(namespace):
                    meta = pod["metadata"]
                    if meta["uid"] in seen:
                        continue
                    seen.add(meta["uid"])
                    kubectl.status("pod", meta["name"], namespace, report(pod))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
    assert errors == []
