"""The lab's closing act: a WASI 0.2 HTTP component in the cluster answers through its Service."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from dataclasses import dataclass

from lab.deadline import wait_for
from lab.errors import LabError
from lab.instance import Lab
from lab.nodes.node import Node

_NAMESPACE = "greetings"
_APP = "greeter"
# wasi:http components listen here, in upstream's shim as in the lab's.
_PORT = 8080
_PATH = "/hello/edge?language=en"
_REQUESTS = 20
_POD = '{{range .items}}{{.metadata.name}} {{.spec.nodeName}}{{"\\n"}}{{end}}'


@dataclass(frozen=True)
class Answer:
    """What came back, from which Service and pods (name -> node), and how long it took.

    ``seconds``: the median of some requests one after the other, each with a connection of its
    own.
    """

    address: str
    pods: dict[str, str]
    status: int
    body: str
    seconds: float


class DemoError(LabError):
    """The component does not answer."""


def ask_component(lab: Lab) -> Answer:
    """Ask the greeter through its LoadBalancer Service, from outside of the cluster.

    Errors: ``DemoError`` without a cluster, or if nothing answers within 30 s.
    """
    server = lab.nodes[0]
    service = json.loads(_kubectl(server, "get", "service", _APP, "-o", "json"))
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    if not ingress:
        raise DemoError(f"the service {_APP} has no address; run make up again")
    address = ingress[0]["ip"]
    wait_for(
        f"an answer of {_APP} at {address}",
        lambda: "no answer yet" if _request(address) is None else None,
        seconds=30,
    )
    answers = [_request(address) for _ in range(_REQUESTS)]
    known = [each for each in answers if each is not None]
    if len(known) < len(answers):
        raise DemoError(
            f"{_APP} at {address} answered {len(known)} of {len(answers)} requests; see "
            f"`kubectl -n {_NAMESPACE} describe pods` on {server.name}"
        )
    status, body, _ = known[-1]
    pods = _kubectl(server, "get", "pods", "-o", f"go-template={_POD}")
    return Answer(
        address,
        dict(line.split() for line in pods.splitlines() if len(line.split()) == 2),
        status,
        body,
        statistics.median(seconds for _, _, seconds in known),
    )


def _kubectl(server: Node, *words: str) -> str:
    done = server.run(["/usr/local/bin/k3s", "kubectl", "-n", _NAMESPACE, *words], check=False)
    if done.returncode != 0:
        raise DemoError(
            f"the cluster on {server.name} does not answer: {done.stderr.strip()[-300:]}; "
            "take the lab's stack up first: make up"
        )
    return done.stdout


def _request(address: str) -> tuple[int, str, float] | None:
    connection = http.client.HTTPConnection(address, _PORT, timeout=5)
    started = time.monotonic()
    try:
        connection.request("GET", _PATH)
        response = connection.getresponse()
        body = response.read().decode()
    except OSError:
        return None
    finally:
        connection.close()
    return response.status, body, time.monotonic() - started
