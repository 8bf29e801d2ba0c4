"""Pods wherever Kubernetes has them: a workload's template, or a Pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.subject import Subject
from policies.values import items, mapping

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}


def kind(subject: Subject) -> str:
    """The kind of a Kubernetes object, empty for anything else."""
    return subject.type.rpartition(":")[2] if subject.type.startswith("kubernetes:") else ""


def pod(subject: Subject) -> tuple[str, Mapping[str, Any]] | None:
    """(property path, spec) of the object's pods; None if it has none, or it is not known yet."""
    steps = _TEMPLATES.get(kind(subject))
    if steps is None:
        return None
    spec: Any = subject.inputs
    for step in steps:
        spec = mapping(spec).get(step)
    return (".".join(steps), mapping(spec)) if mapping(spec) else None


def containers(subject: Subject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(its name for a person, container) of every container, those that start first included."""
    found = pod(subject)
    if found is None:
        return
    for field in ("initContainers", "containers"):
        for container in items(found[1].get(field)):
            if mapping(container):
                yield f"container {mapping(container).get('name')}", mapping(container)
