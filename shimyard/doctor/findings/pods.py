"""Wasm pods: killed for memory, or waiting for a node that has their handler."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.cluster import ClusterFacts, Pod
from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.findings.finding import Finding, some
from shimyard.settings.capabilities import PROVEN, capability_label

_KILLED = 137
_PROBE = "`kubectl describe pod` tells whether a liveness probe, or the node itself, had it killed"
_RAISE = "raise its limit of memory"
_SPARE = "the machine itself had none left: give its pods limits of memory, or fewer of them to it"


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
    not as OOMKilled. So is any other kill, of a guest that heeds no SIGTERM or by hand: the
    kernel's log tells them apart, as far back as it goes.
    """
    found: dict[tuple[str, str, str, bool], list[str]] = {}
    for _, pod in wasm_pods(of):
        for container, starved in _killed(of, pod).items():
            key = (pod.node, container, pod.limits.get(container, ""), starved)
            found.setdefault(key, []).append(str(pod))
    for (node, container, limit, starved), pods in found.items():
        who = f"container {container} of {some(pods)}"
        memory = f"its limit of memory is {limit}" if limit else "it has no limit of memory"
        if starved:
            sentence = f"{who} was killed by the kernel for memory (exit code 137): {memory}"
            yield Finding("memory", "broken", node, sentence, _RAISE if limit else _SPARE)
            continue
        asked = isinstance(of.machines.get(node), Examined)
        log = "the kernel's log tells of none" if asked else "the kernel can't be asked"
        sentence = f"{who} was killed (exit code 137), as for too much memory: {log}, {memory}"
        mend = f"{_PROBE}; else {_RAISE}" if limit else _PROBE
        yield Finding("memory", "warning", node, sentence, mend)


def _killed(of: Examination, pod: Pod) -> dict[str, bool]:
    """Containers that ended by SIGKILL, and whether it is known that it was for memory."""
    machine = of.machines.get(pod.node)
    starved = machine.machine.starved if isinstance(machine, Examined) else frozenset()
    found: dict[str, bool] = {}
    for end in pod.ends:
        if end.code == _KILLED and end.reason in {"Error", "OOMKilled"}:
            for_memory = end.reason == "OOMKilled" or end.identity in starved
            found[end.container] = found.get(end.container, False) or for_memory
    return found


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
