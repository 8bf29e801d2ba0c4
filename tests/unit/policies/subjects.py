"""Resources as the rules see them."""

from __future__ import annotations

from typing import Any

from policies.subject import Subject

WORKLOADS = "shimyard:index:Workloads$shimyard:index:WasmApp"


def subject(type_: str, inputs: dict[str, Any], *, parents: str = "", name: str = "it") -> Subject:
    """A resource of the stack 'bench'; ``parents``: types, '$' between them."""
    kinds = f"{parents}${type_}" if parents else type_
    return Subject(f"urn:pulumi:bench::shimyard::{kinds}::{name}", type_, name, inputs)


def deployment(spec: dict[str, Any], *, parents: str = WORKLOADS) -> Subject:
    """A Deployment whose pods have this spec."""
    inputs = {"metadata": {"name": "it"}, "spec": {"template": {"spec": spec}}}
    return subject("kubernetes:apps/v1:Deployment", inputs, parents=parents)


def runtime(artifacts: dict[str, Any], *, arch: str = "amd64", **more: Any) -> Subject:
    """A ContainerRuntime with these artifacts."""
    inputs = {"node": {"name": "edge-1", "arch": arch}, "artifacts": artifacts, **more}
    return subject("shimyard:node:ContainerRuntime", inputs, name="edge-1")
