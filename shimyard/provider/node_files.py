"""The resource NodeFiles: files and trees on one machine, by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shimyard.errors import ShimyardError
from shimyard.node.desired import DesiredState, File
from shimyard.node.facts import Facts
from shimyard.node.node_files import FileSet
from shimyard.node.precompiled import misfit
from shimyard.provider.inputs import InputError, settings
from shimyard.provider.resource import Resource
from shimyard.provider.values import UNKNOWN, Secret, has_unknown
from shimyard.settings import FileSettings
from shimyard.settings.base import DnsLabel
from shimyard.settings.explain import explain

_NAME = TypeAdapter[str](DnsLabel)


class NodeFilesResource(Resource):
    """Inputs: node, name, files (a list of FileSettings). Computed inputs: digests, effects.

    ``digests``: path on the node -> sha256, mode, owner and group. Outputs: generation, machineId,
    paths, drift.
    """

    identity = frozenset({"name"})
    serves_pods = False

    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The digest of every file; secret contents have secret digests."""
        if has_unknown(inputs.get("files")):
            return {"digests": UNKNOWN}
        entries = _entries(inputs)
        secret = {entry.path for entry in entries if entry.secret_content is not None}
        sets = [FileSet.of([entry], self.nodes.project).files for entry in entries]
        _are_those_meant(entries, sets)
        _programs_fit(entries, sets, inputs)
        files = [file for each in sets for file in each]
        strange = [file.path for file in files if not file.path.isprintable()]
        if strange:
            raise InputError([("files", f"{strange[0]!r} can't be a path; rename the file")])
        records = {file.path: _record(file) for file in files}
        return {
            "digests": {
                path: Secret(record) if path in secret else record
                for path, record in records.items()
            }
        }

    def desired(self, inputs: Mapping[str, Any], *, recorded: bool) -> DesiredState:
        """From the sources, or from the digests that were recorded when they were applied."""
        name = self.name_on_node(inputs)
        records = inputs["digests"]
        if recorded:
            files = tuple(
                File(path, record["sha256"], record["mode"], record["owner"], record["group"])
                for path, record in records.items()
            )
            return DesiredState(resource=name, files=files)
        found = FileSet.of(_entries(inputs), self.nodes.project)
        if {file.path: _record(file) for file in found.files} != records:
            raise ShimyardError(
                f"a source of the files {inputs['name']} has changed while `pulumi up` ran",
                mend="run `pulumi up` again",
            )
        return found.desired(name)

    def outputs(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        """The generation is known only after; the paths unless a content is unknown."""
        digests = inputs.get("digests", {})
        paths = UNKNOWN if digests is UNKNOWN else sorted(digests)
        if facts is None:
            return {"generation": UNKNOWN, "machineId": UNKNOWN, "paths": paths}
        name = self.name_on_node(inputs)
        return {
            "generation": facts.generations.current.get(name, 0),
            "machineId": facts.system.machine,
            "paths": paths,
        }

    def name_on_node(self, inputs: Mapping[str, Any]) -> str:
        """A machine can have several of them, by name. Raises ``InputError``."""
        try:
            return f"files-{_NAME.validate_python(inputs.get('name'))}"
        except ValidationError as error:
            _, reason = explain(error, FileSettings)[0]
            raise InputError([("name", reason)]) from None


def _entries(inputs: Mapping[str, Any]) -> list[FileSettings]:
    return [
        settings(FileSettings, entry, f"files[{index}]")
        for index, entry in enumerate(inputs.get("files") or [])
    ]


def _are_those_meant(entries: Sequence[FileSettings], sets: Sequence[Sequence[File]]) -> None:
    """Raises ``InputError`` for a source that has not the digest which its entry states."""
    for index, (entry, files) in enumerate(zip(entries, sets, strict=True)):
        if entry.sha256 is None:
            continue
        if [file.path for file in files] != [entry.path]:
            problem = f"is of one file, and {entry.source} is a folder; remove it, or name a file"
        elif files[0].sha256 != entry.sha256:
            problem = (
                f"is {entry.sha256}, and {entry.source} has {files[0].sha256}; bring the file that "
                "is meant, or state the new digest"
            )
        else:
            continue
        raise InputError([(f"files[{index}].sha256", problem)])


def _programs_fit(
    entries: Sequence[FileSettings], sets: Sequence[Sequence[File]], inputs: Mapping[str, Any]
) -> None:
    """Raises ``InputError`` for a precompiled program of another engine or architecture."""
    node = inputs.get("node")
    arm = isinstance(node, Mapping) and node.get("arch") == "arm64"
    for index, (entry, files) in enumerate(zip(entries, sets, strict=True)):
        problem = misfit(files, entry.precompiled_for, "arm64" if arm else "amd64")
        if problem is not None:
            field = "precompiledFor" if entry.precompiled_for is None else "source"
            raise InputError([(f"files[{index}].{field}", problem)])


def _record(file: File) -> dict[str, str]:
    return {
        "sha256": file.sha256,
        "mode": file.mode,
        "owner": file.owner,
        "group": file.group,
    }
