"""Wasm pods: killed for memory, or waiting for a node that has their handler."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.cluster import ClusterFacts, Pod
from shimyard.doctor.examination import Examination
from shimyard.doctor.findings.finding import Finding, some
from shimyard.settings.capabilities import PROVEN, capability_label

_KILLED = 137
_PROBE = "`kubectl describe pod` tells whether a liveness probe, or the node itself, had it killed"


def wasm_pods(of: Examination) -> Iterator[tuple[str, Pod]]:
    """(handler, pod) of all pods that one of the stack's shims runs."""
    if not isinstance(of.cluster, ClusterFacts):
        return
    classes = of.settings.runtime_classes
    shims = {shim.handler for shim in of.settings.runtime.shims}
    # A class that is gone still has its pods, and others may lead to the same handler.
    handlers = {classes.name_of(handler): handler for handler in shims}
    handlers |= {name: found.handler for name, found in of.cluster.classes.items()}
    for pod in of.cluster.pods:
        handler = handlers.get(pod.runtime_class)
        if handler in shims and handler is not None:
            yield handler, pod


def killed(of: Examination) -> Iterator[Finding]:
    """Containers that ended by SIGKILL: what a Wasm process over its limit ends by.

    Its shim's process is the guest itself, so that the kernel's kill is told as reason Error and
    not as OOMKilled. A probe's kill, or that of a drain, looks the same.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for _, pod in wasm_pods(of):
        for container in dict.fromkeys(
            end.container
            for end in pod.ends
            if end.code == _KILLED and end.reason in {"Error", "OOMKilled"}
        ):
            limit = pod.limits.get(container, "")
            found.setdefault((pod.namespace, container, limit), []).append(str(pod))
    for (_, container, limit), pods in found.items():
        where = f"container {container} of {some(pods)} was killed (exit code 137)"
        if limit:
            sentence = f"{where}: so ends a Wasm process over its memory limit, which is {limit}"
            mend = f"raise its limit of memory; {_PROBE}"
        else:
            sentence = f"{where}, and has no limit of memory"
            mend = _PROBE
        yield Finding("memory", "broken", "", sentence, mend)


def waiting(of: Examination) -> Iterator[Finding]:
    """Pods that the scheduler finds no node for."""
    if not isinstance(of.cluster, ClusterFacts):
        return
    found: dict[tuple[str, str, str], list[str]] = {}
    for handler, pod in wasm_pods(of):
        if pod.unscheduled:
            key = (handler, pod.runtime_class, pod.unscheduled)
            found.setdefault(key, []).append(str(pod))
    for (handler, runtime_class, words), pods in found.items():
        label = capability_label(handler)
        proven = [
            name for name, each in of.cluster.members.items() if each.labels.get(label) == PROVEN
        ]
        if proven:
            mend = f"handler '{handler}' is proven on {some(proven)}; see in the words what is in "
            mend += "the way there"
        else:
            mend = f"no node is proven for handler '{handler}'; mend its first broken link"
        verb = "waits" if len(pods) == 1 else "wait"
        sentence = f"{some(pods)} of RuntimeClass '{runtime_class}' {verb} for a node: {words}"
        yield Finding("unscheduled", "broken", "", sentence, mend)
