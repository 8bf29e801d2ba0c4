"""The resource ContainerRuntime: containerd, runc, CNI, shims and engines of one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from shimyard.catalogue import Artifact, Catalogue, artifacts_of, bundled, urls
from shimyard.errors import ShimyardError
from shimyard.node.container_runtime import RESOURCE, container_runtime, secret_paths
from shimyard.node.desired import DesiredState, File, StoredArtifact
from shimyard.node.facts import Facts
from shimyard.provider.inputs import node_settings, settings
from shimyard.provider.resource import Resource
from shimyard.provider.values import UNKNOWN, Secret, has_unknown
from shimyard.settings import Arch, ArtifactSettings, RuntimeSettings


class ContainerRuntimeResource(Resource):
    """Inputs: node, runtime, sources. Computed inputs: artifacts, files, effects.

    Outputs: generation, machineId, versions (artifact -> version), handlers (handler -> shim,
    version, canary, milliseconds), drift.
    """

    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The locked artifacts by digest, and every rendered file as text."""
        if has_unknown(inputs.get("runtime")) or has_unknown(inputs.get("sources")):
            return {"artifacts": UNKNOWN, "files": UNKNOWN}
        runtime = _runtime(inputs)
        arch = node_settings(inputs).arch
        artifacts = {
            artifact.name: _record(artifact)
            for artifact in self._locked(runtime, arch, _sources(inputs))
        }
        desired = container_runtime(runtime, _stored(artifacts), arch)
        secret = secret_paths(runtime)
        texts = {file.path: file.read().decode() for file in desired.files}
        files = {path: Secret(text) if path in secret else text for path, text in texts.items()}
        return {"artifacts": artifacts, "files": files}

    def desired(self, inputs: Mapping[str, Any], *, recorded: bool) -> DesiredState:
        """From the runtime and the recorded artifacts; where they come from, as of now."""
        runtime = _runtime(inputs)
        arch = node_settings(inputs).arch
        stored = _stored(inputs["artifacts"])
        if recorded:
            # Today's templates may say it in other words than those that were applied.
            desired = container_runtime(runtime, stored, arch)
            return replace(desired, files=_recorded(inputs["files"], desired))
        sources = _sources(inputs)
        located = {a.sha256: a for a in self._locked(runtime, arch, sources)}
        stored = [_located(item, located, sources, self.nodes.project) for item in stored]
        return container_runtime(runtime, stored, arch)

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
            "handlers": _handlers(_runtime(inputs), facts),
        }

    def name_on_node(self, _inputs: Mapping[str, Any]) -> str:
        """One container runtime a machine."""
        return RESOURCE

    def _locked(
        self, runtime: RuntimeSettings, arch: Arch, sources: ArtifactSettings
    ) -> list[Artifact]:
        paths = [self.nodes.project / Path(name).expanduser() for name in sources.lock_files]
        catalogue = Catalogue.load(paths)
        return [
            catalogue.find(need.name, need.version, arch) for need in artifacts_of(runtime, arch)
        ]


def _runtime(inputs: Mapping[str, Any]) -> RuntimeSettings:
    return settings(RuntimeSettings, inputs.get("runtime"), "runtime")


def _sources(inputs: Mapping[str, Any]) -> ArtifactSettings:
    return settings(ArtifactSettings, inputs.get("sources") or {}, "sources")


def _record(artifact: Artifact) -> dict[str, Any]:
    return {
        "version": artifact.version,
        "sha256": artifact.sha256,
        "size": artifact.size,
        "format": artifact.unpack.format,
        "files": dict(artifact.unpack.files),
    }


def _stored(artifacts: Mapping[str, Any]) -> list[StoredArtifact]:
    return [
        StoredArtifact(
            name,
            record["version"],
            record["sha256"],
            record.get("size"),
            record["format"],
            tuple(record["files"].items()),
        )
        for name, record in artifacts.items()
    ]


def _recorded(texts: Mapping[str, str], desired: DesiredState) -> tuple[File, ...]:
    modes = {file.path: file.mode for file in desired.files}
    return tuple(File.of(path, text, mode=modes.get(path, "0644")) for path, text in texts.items())


def _located(
    item: StoredArtifact,
    located: Mapping[str, Artifact],
    sources: ArtifactSettings,
    project: Path,
) -> StoredArtifact:
    artifact = located.get(item.sha256)
    if artifact is None:
        raise ShimyardError(
            f"the lock of {item.name} {item.version} has changed while `pulumi up` ran",
            mend="run `pulumi up` again",
        )
    return StoredArtifact(
        item.name,
        item.version,
        item.sha256,
        item.size,
        item.format,
        item.members,
        tuple(urls(artifact, sources)),
        bundled(artifact, sources, project),
    )


def _handlers(runtime: RuntimeSettings, facts: Facts) -> dict[str, dict[str, Any]]:
    shims = {"runc": ("runc", runtime.runc.version)}
    shims |= {shim.handler: (shim.name, shim.version) for shim in runtime.shims}
    handlers = {}
    for handler, (shim, version) in shims.items():
        canary = facts.generations.canaries.get(handler)
        handlers[handler] = {
            "shim": shim,
            "version": version,
            "canary": "not run" if canary is None else canary.result,
            "milliseconds": 0 if canary is None else canary.milliseconds,
        }
    return handlers
