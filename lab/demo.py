"""The lab's closing act: a WASI 0.2 HTTP component in a container of a node answers."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass

from lab.deadline import wait_for
from lab.errors import LabError
from lab.instance import Lab
from lab.nodes.node import Node

_IMAGE = "registry.lab/greeter:classic"
_CONTAINER = "shimyard-demo"
_RUNTIME = "io.containerd.wasmtime.v1"
# wasi:http components listen here, in upstream's shim as in the lab's.
_PORT = 8080
_PATH = "/hello/edge?language=en"


@dataclass(frozen=True)
class Answer:
    """What came back, from which image, and how long the last request took, in seconds."""

    node: str
    image: str
    status: int
    body: str
    seconds: float


class DemoError(LabError):
    """The component does not answer."""


def ask_component(lab: Lab) -> Answer:
    """Run the greeter on the first node, ask it once it listens, and take it away again.

    Errors: ``DemoError`` if the runtime is not installed yet, or nothing answers within 30 s.
    """
    node = lab.nodes[0]
    _remove(node)
    pulled = node.run(
        [
            # Without --local, containerd finds no platform in an image that is a Wasm artifact.
            *_ctr("images", "pull", "--local", "--hosts-dir", "/etc/containerd/certs.d"),
            *("--platform", "wasi/wasm", _IMAGE),
        ],
        check=False,
    )
    if pulled.returncode != 0:
        raise DemoError(
            f"{node.name} can't pull {_IMAGE}: {pulled.stderr.strip()[-300:]}; "
            "take the lab's stack up first: make up"
        )
    try:
        node.run(
            [
                *_ctr("run", "--detach", "--net-host", "--platform", "wasi/wasm"),
                *("--runtime", _RUNTIME, _IMAGE, _CONTAINER),
            ]
        )
        wait_for(
            f"an answer of {_IMAGE} on {node.name}",
            lambda: "no answer yet" if _request(node) is None else None,
            seconds=30,
        )
        answer = _request(node)
        if answer is None:
            raise DemoError(
                f"{_IMAGE} on {node.name} answered once and then no more; see what containerd "
                "says on the node (journalctl -u containerd), and run make up again"
            )
        return answer
    finally:
        _remove(node)


def _request(node: Node) -> Answer | None:
    connection = http.client.HTTPConnection(str(node.address), _PORT, timeout=5)
    started = time.monotonic()
    try:
        connection.request("GET", _PATH)
        response = connection.getresponse()
        body = response.read().decode()
    except OSError:
        return None
    finally:
        connection.close()
    return Answer(node.name, _IMAGE, response.status, body, time.monotonic() - started)


def _remove(node: Node) -> None:
    node.run(_ctr("tasks", "kill", "-s", "KILL", _CONTAINER), check=False)
    node.run(_ctr("tasks", "delete", "-f", _CONTAINER), check=False)
    node.run(_ctr("containers", "delete", _CONTAINER), check=False)
    node.run(_ctr("images", "remove", "--sync", _IMAGE), check=False)


def _ctr(*arguments: str) -> list[str]:
    return ["ctr", "--namespace", "shimyard-demo", *arguments]
