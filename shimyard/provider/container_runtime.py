"""The resource ContainerRuntime: containerd, runc, CNI, shims and engines of one machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shimyard.catalogue import artifacts_of
from shimyard.node.container_runtime import RESOURCE, container_runtime, secret_paths
from shimyard.node.desired import DesiredState
from shimyard.node.facts import Facts
from shimyard.provider.artifacts import as_recorded, records, stored, texts, with_sources
from shimyard.provider.handlers import handlers_of
from shimyard.provider.inputs import InputError, node_settings, settings, sources
from shimyard.provider.resource import Resource
from shimyard.provider.values import UNKNOWN, has_unknown
from shimyard.settings import RuntimeSettings
from shimyard.settings.base import FieldError


class ContainerRuntimeResource(Resource):
    """Inputs: node, runtime, sources. Computed inputs: artifacts, files, effects.

    Outputs: generation, machineId, versions (artifact -> version), handlers (handler -> shim,
    version, canary, milliseconds), drift.
    """

    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The locked artifacts by digest, and every rendered file as text."""
        if has_unknown(inputs.get("runtime")) or has_unknown(inputs.get("sources")):
            return {"artifacts": UNKNOWN, "files": UNKNOWN}
        runtime, arch = _runtime(inputs), node_settings(inputs).arch
        artifacts = records(artifacts_of(runtime, arch), sources(inputs), self.nodes.project)
        desired = container_runtime(runtime, stored(artifacts), arch)
        return {"artifacts": artifacts, "files": texts(desired, secret_paths(runtime))}

    def desired(self, inputs: Mapping[str, Any], *, recorded: bool) -> DesiredState:
        """From the runtime and the recorded artifacts; where they come from, as of now."""
        runtime, arch = _runtime(inputs), node_settings(inputs).arch
        artifacts = stored(inputs["artifacts"])
        if recorded:
            return as_recorded(container_runtime(runtime, artifacts, arch), inputs["files"])
        needs = artifacts_of(runtime, arch)
        located = with_sources(artifacts, needs, sources(inputs), self.nodes.project)
        return container_runtime(runtime, located, arch)

    def outputs(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        """Versions are known before; the generation and the canaries only after."""
        runtime = inputs.get("runtime", {})
        artifacts = inputs.get("artifacts", {})
        known = not has_unknown(runtime) and not has_unknown(artifacts)
        versions = {n: a["version"] for n, a in artifacts.items()} if known else UNKNOWN
        if facts is None or not known:
            return {
                "generation": UNKNOWN,
                "machineId": UNKNOWN,
                "versions": versions,
                "handlers": UNKNOWN,
            }
        return {
            "generation": facts.generations.current.get(RESOURCE, 0),
            "machineId": facts.system.machine,
            "versions": versions,
            "handlers": _proven(_runtime(inputs), facts),
        }

    def name_on_node(self, _inputs: Mapping[str, Any]) -> str:
        """One container runtime a machine."""
        return RESOURCE


def _runtime(inputs: Mapping[str, Any]) -> RuntimeSettings:
    runtime = settings(RuntimeSettings, inputs.get("runtime"), "runtime")
    try:
        _ = runtime.own
    except FieldError as error:
        raise InputError([(f"runtime.{error.field}", error.sentence)]) from None
    return runtime


def _proven(runtime: RuntimeSettings, facts: Facts) -> dict[str, dict[str, Any]]:
    _, runc = runtime.own
    return handlers_of(runtime, facts, runc=runc.version)
