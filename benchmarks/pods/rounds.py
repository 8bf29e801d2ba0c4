"""One pod and a hundred, Wasm and ordinary in turn: how long until they answer, what they weigh."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import Any, Final

from benchmarks.errors import BenchmarkError
from benchmarks.pods.api import Api
from benchmarks.pods.cluster import AGENTS, ORDINARY, WASM, Cluster, deployment, pods
from benchmarks.pods.weight import wait_steady, weigh
from lab.deadline import wait_for
from lab.nodes.node import Node

KINDS: Final = (WASM, ORDINARY)
_ADDRESSES: Final = "var/lib/cni/networks/cbr0"
_PROBER: Final = Path(__file__).with_name("prober.py")
_GONE_SECONDS: Final = 300

Tell = Callable[[str], None]


def measure(of: Cluster, *, starts: int, rounds: int, replicas: int, tell: Tell) -> dict[str, Any]:
    """``starts`` of one pod and ``rounds`` of ``replicas``, the two kinds in turn.

    Each kind runs once before, so that images are there and the component is compiled.
    Errors: ``BenchmarkError``, ``LabError``.
    """
    samples: dict[str, dict[str, list[Any]]] = {
        kind: {"start": [], "density": []} for kind in KINDS
    }
    for kind in KINDS:
        tell(f"{kind}: once, to have its image on both agents")
        _scale_and_wait(of.api, kind, 2 * len(AGENTS))
        _empty(of, kind)
    for number in range(starts):
        for kind in _turn(number):
            sample = _start(of, kind)
            samples[kind]["start"].append(sample)
            tell(f"start {number + 1}, {kind}: answers after {sample['answer']:.2f} s")
    for number in range(rounds):
        for kind in _turn(number):
            filled = _fill(of, kind, replicas)
            samples[kind]["density"].append(filled)
            each = filled["bytes"]["nodes"] / replicas / 2**20
            tell(
                f"round {number + 1}, {kind}: {replicas} Ready after {filled['seconds']:.1f} s, "
                f"{each:.1f} MiB each"
            )
    return {"replicas": replicas, "agents": len(AGENTS), "samples": samples}


def _turn(number: int) -> tuple[str, ...]:
    return KINDS if number % 2 == 0 else KINDS[::-1]


def _start(of: Cluster, kind: str) -> dict[str, float]:
    """Seconds from the order for one pod to its first answer, and until it is seen Ready."""
    with _probing([of.lab.node(name) for name in AGENTS]) as answered:
        began = time.monotonic()
        ready = _scale_and_wait(of.api, kind, 1)
        wait_for("an answer", lambda: None if answered() else "none", seconds=30)
        (first,) = answered()
    _empty(of, kind)
    return {"answer": round(first - began, 4), "ready": round(ready, 4)}


def _fill(of: Cluster, kind: str, replicas: int) -> dict[str, Any]:
    """Seconds until all are Ready, and what they weigh then."""
    before = weigh(of.lab, AGENTS)
    seconds = _scale_and_wait(of.api, kind, replicas)
    wait_steady(lambda: weigh(of.lab, AGENTS).nodes)
    weight = weigh(of.lab, AGENTS) - before
    _empty(of, kind)
    return {"seconds": round(seconds, 2), "bytes": asdict(weight)}


def _scale_and_wait(api: Api, kind: str, replicas: int) -> float:
    """Seconds until so many pods are seen Ready."""
    version = api.get(pods(kind))["metadata"]["resourceVersion"]
    began = time.monotonic()
    _scale(api, kind, replicas)
    ready: set[str] = set()
    for pod in api.watch(pods(kind), version):
        name, conditions = pod["metadata"]["name"], pod["status"].get("conditions", [])
        restarts = sum(each["restartCount"] for each in pod["status"].get("containerStatuses", []))
        if restarts:
            raise BenchmarkError(
                f"the pod {name} was restarted", mend="see its log", log=str(pod["status"])
            )
        if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
            ready.add(name)
        if len(ready) == replicas:
            return time.monotonic() - began
    raise BenchmarkError("the watch ended before all pods were ready", mend="run again")


def _scale(api: Api, kind: str, replicas: int) -> None:
    api.merge(f"{deployment(kind)}/scale", {"spec": {"replicas": replicas}})


def _empty(of: Cluster, kind: str) -> None:
    """No pod, and no process of one."""
    _scale(of.api, kind, 0)

    def left() -> str | None:
        listed: Mapping[str, Any] = of.api.get(pods(kind))
        if listed["items"]:
            return f"{len(listed['items'])} pods"
        weight = weigh(of.lab, AGENTS)
        there = weight.shims + weight.sandboxes + weight.containers
        return f"{there} bytes of processes" if there else None

    wait_for(f"the end of the {kind} pods", left, seconds=_GONE_SECONDS, interval=0.2)


@contextmanager
def _probing(nodes: list[Node]) -> Iterator[Callable[[], list[float]]]:
    """Ask each new pod of these nodes; what is yielded tells when one has answered first."""
    running = []
    try:
        for node in nodes:
            argv = ["nsenter", f"--target={node.leader}", "--net", sys.executable, str(_PROBER)]
            argv.append(str(node.root / _ADDRESSES))
            running.append(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        lines: list[str] = []
        for each in running:
            if each.stdout is None or each.stdout.readline() != "ready\n":
                raise BenchmarkError("a prober does not start", mend="see what it prints")
            Thread(target=lines.extend, args=(each.stdout,), daemon=True).start()
        yield lambda: [float(line.split()[1]) for line in lines]
    finally:
        for each in running:
            each.terminate()
            each.wait()
