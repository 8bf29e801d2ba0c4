"""The results of the pods' benchmark as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.report.record import median, spread
from benchmarks.report.tables import table

PODS: Final = "pods"
_MIB: Final = 2**20
_INTRODUCTION: Final = """\
Written by `python -m benchmarks.density`; nothing in here is by hand.

A lab cluster of one server and {agents} agents, all on one machine, made by Shimyard from the lab's
own stack file. `wasm` is a WasmApp: the greeter, a WASI 0.2 component, as an OCI artifact that is
compiled once a node. `ordinary` is the same Rust code as a static program with hyper, in an image
with nothing else, run by runc: no distribution, no interpreter, the least that an ordinary
container can be. Its Deployment is the WasmApp's own but for image and runtime class. Images are
there and the component is compiled before anything is measured; the two kinds take turns, each
round in another order.

The K3s is the lab's stand-in: it schedules and starts pods as upstream Kubernetes does, by the same
kubelet, but says nothing of K3s's own memory.
"""
_WEIGHTS: Final = {
    "the pod's processes: container": "containers",
    "sandbox": "sandboxes",
    "its shim": "shims",
}


def document(content: Mapping[str, Any]) -> str:
    """The whole report."""
    part = content["parts"][PODS]
    lines = [
        f"# A Wasm pod beside an ordinary one, {content['date']}",
        "",
        _INTRODUCTION.format(agents=part["agents"]),
    ]
    for title in ("machine", "versions"):
        lines.append(", ".join(f"{name} {what}" for name, what in content[title].items()) + ".")
        lines.append("")
    lines += [*_starts(part), *_ready(part), *_memory(part), *_overhead(part)]
    return "\n".join(lines)


def _starts(part: Mapping[str, Any]) -> Iterator[str]:
    yield "## One pod"
    yield ""
    yield "Seconds from the order for one replica, on a cluster with none: until the pod answers"
    yield "its first HTTP request, and until the API says that it is Ready, which kubelet's probes"
    yield "and its look at the containers once a second round up."
    yield ""
    rows = []
    for kind, samples in part["samples"].items():
        found = samples["start"]
        rows.append((kind, str(len(found)), *_seconds(found, "answer"), *_seconds(found, "ready")))
    head = ("", "runs", "answers, median", "least to most", "Ready, median", "least to most")
    yield from table(head, rows)
    yield ""


def _ready(part: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {part['replicas']} pods"
    yield ""
    rows = []
    for kind, samples in part["samples"].items():
        found = samples["density"]
        each = part["replicas"] / median(found)
        rows.append((kind, str(len(found)), *_seconds(found, "seconds"), f"{each:.1f}"))
    yield from table(("", "rounds", "all Ready, s, median", "least to most", "pods a second"), rows)
    yield ""


def _memory(part: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Memory a pod, with {part['replicas']} of them"
    yield ""
    yield "MiB, medians. `agents`: by how much the agents' working sets grew, all of the kernel's"
    yield "own memory included. Processes are counted with shared pages once (PSS); `rest` is what"
    yield "the agents grew by beside them: the kernel's (namespaces, cgroups, page tables, mounts),"
    yield "containerd's and kubelet's. `as kubelet sees it` is the working set of the pods' own"
    yield "cgroups, which is what metrics, limits and the HPA are about."
    yield ""
    rows = []
    for kind, samples in part["samples"].items():
        found = [each["bytes"] for each in samples["density"]]
        of = {field: _each(part, found, field) for field in found[0]}
        known = sum(of[field] for field in _WEIGHTS.values())
        rows.append(
            (
                kind,
                f"{of['nodes']:.1f}",
                _range(part, found, "nodes"),
                *(f"{of[field]:.2f}" for field in _WEIGHTS.values()),
                f"{of['nodes'] - known:.1f}",
                f"{of['cgroups']:.1f}",
            )
        )
    head = ("", "agents", "least to most", *_WEIGHTS, "rest", "as kubelet sees it")
    yield from table(head, rows)
    yield ""


def _overhead(part: Mapping[str, Any]) -> Iterator[str]:
    yield "## A RuntimeClass's overhead"
    yield ""
    yield "What a pod takes beside its containers is what `overhead` of a RuntimeClass is for:"
    for kind, samples in part["samples"].items():
        found = [each["bytes"] for each in samples["density"]]
        beside = _each(part, found, "nodes") - _each(part, found, "containers")
        yield f"{kind} {beside:.1f} MiB."
    yield ""


def _each(part: Mapping[str, Any], found: Sequence[Mapping[str, float]], field: str) -> float:
    each: float = median(found, field) / part["replicas"]
    return each / _MIB


def _range(part: Mapping[str, Any], found: Sequence[Mapping[str, float]], field: str) -> str:
    low, high = (each / part["replicas"] / _MIB for each in spread(found, field))
    return f"{low:.1f} to {high:.1f}"


def _seconds(found: Sequence[Mapping[str, float]], field: str) -> tuple[str, str]:
    low, high = spread(found, field)
    return f"{median(found, field):.2f}", f"{low:.2f} to {high:.2f}"
