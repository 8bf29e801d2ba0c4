"""Desired state + facts -> operations. Pure: the preview and the apply use the same function."""

from __future__ import annotations

from collections.abc import Iterable

from shimyard.node.desired import DesiredState, File, Images, StoredArtifact, Unit
from shimyard.node.facts import Facts, Seen
from shimyard.node.facts.services import Service
from shimyard.node.operations import (
    AdoptUnit,
    AwaitNode,
    CheckContainerdConfig,
    DeclareData,
    DisableUnit,
    EnableUnit,
    EndOrphans,
    ExpectGeneration,
    ImportImages,
    KeepCanary,
    MakeFolder,
    Operation,
    PlaceFile,
    PlaceLink,
    ReleaseUnit,
    ReloadUnits,
    RemovePath,
    RestartUnit,
    RotateToken,
    RunCanary,
    SaveSnapshot,
    StopUnit,
)
from shimyard.node.plan import ConflictError, Plan
from shimyard.node.removal import emptied_folders, wanted_folders

UNIT_FOLDER = "/etc/systemd/system/"
_UNKNOWN = Service("not-found", "unknown to systemd", "")


def plan(desired: DesiredState, facts: Facts) -> Plan:
    """The operations that take the machine from ``facts`` to ``desired``.

    Raises ``ConflictError`` if a path belongs to another resource.
    """
    return _Planner(desired, facts).plan()


class _Planner:
    def __init__(self, desired: DesiredState, facts: Facts) -> None:
        self.desired = desired
        self.facts = facts
        self.managed = facts.managed
        self.owned = {
            row[1]: row
            for row in facts.managed.manifests.get(desired.resource, ())
            if row[0] in {"file", "link"}
        }
        self.reasons: list[str] = []
        self.changed: list[str] = []
        # Those of them whose content is another one now for whoever reads it.
        self.reread: list[str] = []
        self.staged: list[tuple[str, File]] = []
        self.archives: list[tuple[str, bytes]] = []

    def plan(self) -> Plan:
        fetch = self._artifacts()
        place = [*self._files(), *self._links(fetch)]
        remove = self._removals()
        left = self._left_units()
        rotation = self._rotation()
        unit = self._unit()
        restarts = any(isinstance(op, RestartUnit) for op in unit)
        imports = [ImportImages(each.path) for each in self._new_images(fetch)]
        canaries = self._canaries(restarts=restarts)
        data_known = {row[1] for row in self._rows("data")}
        data = [DeclareData(d.path) for d in self.desired.data if d.path not in data_known]
        folders = self._folders()
        self._other_changes()
        if not self.reasons:
            return Plan()
        current = self.facts.generations.current.get(self.desired.resource)
        operations: list[Operation] = [
            ExpectGeneration(self.desired.resource, current),
            *self._checks(),
            *self._snapshot(),
            *data,
            *folders,
            *(op for name in left for op in (StopUnit(name), DisableUnit(name))),
            *place,
            *remove,
            *(ReleaseUnit(name) for name in left),
            *(self._empty_folders() if remove else []),
            *rotation,
            *([] if self._embeds() else imports),
            *unit,
            *(self._registration() if restarts else []),
            # K3s has to be there before its containerd is.
            *(imports if self._embeds() else []),
            *canaries,
        ]
        return Plan(
            tuple(operations),
            tuple(fetch),
            tuple(self.staged),
            tuple(self.archives),
            tuple(self.changed),
            tuple(self.reasons),
        )

    def _rows(self, kind: str) -> list[tuple[str, ...]]:
        rows = self.managed.manifests.get(self.desired.resource, ())
        return [row for row in rows if row[0] == kind]

    def _artifacts(self) -> list[StoredArtifact]:
        fetch = []
        for artifact in self.desired.artifacts:
            what = f"{artifact.name} {artifact.version}"
            if artifact.sha256 not in self.managed.stored:
                self.reasons.append(f"{what}: not in the node's store")
            elif artifact.sha256 in self.managed.broken:
                names = self.managed.broken[artifact.sha256]
                paths = [artifact.path(name) for name in names]
                self.reasons.append(f"{what}: {', '.join(paths)} changed or gone")
            else:
                continue
            fetch.append(artifact)
            self.reread += [artifact.path(name) for _, name in artifact.members]
        return fetch

    def _embeds(self) -> bool:
        unit = self.desired.unit
        return unit is not None and unit.is_kubelet and unit.runs_containers

    def _new_images(self, fetch: list[StoredArtifact]) -> list[Images]:
        """Those that no generation has imported, or whose archive is brought again."""
        known = {row[1] for row in self._rows("store")}
        again = {artifact.sha256 for artifact in fetch}
        return [
            each for each in self.desired.images if each.sha256 not in known or each.sha256 in again
        ]

    def _files(self) -> Iterable[Operation]:
        for file in self.desired.files:
            self._refuse_foreign(file.path)
            content, rights = self._content_difference(file), self._rights_difference(file)
            if content is not None:
                self._change(file.path, content)
            elif rights is not None:
                self.changed.append(file.path)
                self.reasons.append(f"{file.path} {rights}")
            else:
                continue
            name = f"files/{len(self.staged)}"
            self.staged.append((name, file))
            adopt = file.path not in self.owned
            yield PlaceFile(file.path, name, file.mode, file.owner, file.group, adopt)

    def _seen(self, path: str) -> Seen:
        return self.managed.seen.get(path, Seen("absent"))

    def _content_difference(self, file: File) -> str | None:
        if file.path not in self.owned:
            return "not placed by this resource yet"
        seen = self._seen(file.path)
        if seen.kind != "file":
            return f"is {seen.kind}, should be a file"
        return "has other content" if seen.sha256 != file.sha256 else None

    def _rights_difference(self, file: File) -> str | None:
        seen = self._seen(file.path)
        if seen.mode != file.mode:
            return f"has mode {seen.mode}, should have {file.mode}"
        if file.owner not in seen.owners or file.group not in seen.groups:
            return f"does not belong to {file.owner}:{file.group}"
        return None

    def _links(self, fetch: list[StoredArtifact]) -> Iterable[Operation]:
        mended = {artifact.sha256 for artifact in fetch}
        for link in self.desired.links:
            self._refuse_foreign(link.path)
            seen = self._seen(link.path)
            if link.path not in self.owned:
                self._change(link.path, "not placed by this resource yet")
            elif seen.kind != "link":
                self._change(link.path, f"is {seen.kind}, should be a link")
            elif seen.target != link.target:
                self._change(link.path, "leads to another version")
            elif any(sha256 in link.target for sha256 in mended):
                # The link stays, but what it leads to is replaced.
                self.changed.append(link.path)
                self.reread.append(link.path)
                continue
            else:
                continue
            yield PlaceLink(link.path, link.target, link.path not in self.owned)

    def _removals(self) -> list[Operation]:
        wanted = {f.path for f in self.desired.files} | {link.path for link in self.desired.links}
        gone = [path for path in self.owned if path not in wanted]
        for path in gone:
            self._change(path, "no longer wanted")
        return [RemovePath(path) for path in gone]

    def _empty_folders(self) -> list[Operation]:
        others = wanted_folders(self.facts, self.desired.resource)
        return emptied_folders(self.facts, {*others, *self.desired.folders})

    def _folders(self) -> list[Operation]:
        missing = []
        known = {row[1] for row in self._rows("dir")}
        for path in self.desired.folders:
            seen = self.managed.seen.get(path)
            if path in known and seen is not None and seen.kind != "dir":
                self.reasons.append(f"{path} is {seen.kind}, should be a folder")
            elif path in known:
                continue
            missing.append(MakeFolder(path))
        return list(missing)

    def _left_units(self) -> list[str]:
        wanted = self.desired.unit.name if self.desired.unit is not None else None
        left = [row[1] for row in self._rows("unit") if row[1] != wanted]
        self.reasons += [f"{name} is no longer wanted" for name in left]
        return left

    def _rotation(self) -> list[Operation]:
        token = self.desired.cluster_token
        row = self.owned.get(token.path) if token is not None else None
        file = next(
            (each for each in self.desired.files if token and each.path == token.path), None
        )
        if token is None or file is None or row is None or row[-1] == file.sha256:
            return []
        placed = any(each.path == token.path for _, each in self.staged)
        if not placed:
            # It was kept when another change was taken back; K3s may not have read it yet.
            self._change(token.path, "is there, and K3s may not know it yet")
        return [RotateToken(token.path, asks=token.asks and placed)]

    def _unit(self) -> list[Operation]:
        unit = self.desired.unit
        if unit is None:
            return []
        known = any(row[1] == unit.name for row in self._rows("unit"))
        service = self.facts.services.units.get(unit.name, _UNKNOWN) if known else _UNKNOWN
        trouble = service.trouble()
        if known and trouble is not None:
            self.reasons.append(f"{unit.name} {trouble}")
        operations: list[Operation] = [] if known else [AdoptUnit(unit.name)]
        reloads = service.load != "loaded"
        if service.enabled != "enabled":
            reloads = True
            operations.append(EnableUnit(unit.name))
        if reloads or any(path.startswith(UNIT_FOLDER) for path in self.changed):
            operations.append(ReloadUnits())
        because = [path for path in self.reread if path in unit.reads]
        if known and service.active != "active":
            because.insert(0, f"is {service.active}")
        if because or not known:
            starts = service.active != "active"
            operations.append(
                RestartUnit(unit.name, tuple(because), starts, unit.runs_containers, unit.seconds)
            )
        orphans = self._orphans(unit, running=service.active == "active") if known else []
        if orphans:
            operations.append(EndOrphans(unit.name, tuple(orphans)))
        return operations

    def _orphans(self, unit: Unit, *, running: bool) -> list[int]:
        """Wasm processes that containerd has forgotten, or will have when it starts again."""
        if not unit.runs_containers:
            return []
        lost = self.facts.guests.lost
        outlived = () if running else self.facts.guests.held
        self.reasons += [f"orphaned Wasm {guest}" for guest in lost]
        self.reasons += [f"Wasm {guest} has outlived {unit.name}" for guest in outlived]
        return [guest.process for guest in (*lost, *outlived)]

    def _canaries(self, *, restarts: bool) -> list[Operation]:
        operations: list[Operation] = []
        for canary in self.desired.canaries:
            last = self.facts.generations.canaries.get(canary.handler)
            touched = restarts or any(path in canary.depends_on for path in self.reread)
            if last is not None and last.result == "passed" and not touched:
                operations.append(KeepCanary(canary.handler))
                continue
            if last is None:
                self.reasons.append(f"handler {canary.handler}: never proven by a canary")
            staged = None
            if canary.archive is not None:
                staged = f"files/canary-{canary.handler}.tar"
                self.archives.append((staged, canary.archive))
            operations.append(
                RunCanary(
                    canary.handler,
                    canary.runtime,
                    staged,
                    canary.image,
                    canary.platform,
                    canary.expected,
                    canary.seconds,
                )
            )
        return operations

    def _checks(self) -> list[Operation]:
        check = self.desired.check
        if check is None:
            return []
        staged = next((name for name, file in self.staged if file.path == check.path), check.path)
        return [CheckContainerdConfig(check.binary, staged)]

    def _snapshot(self) -> list[Operation]:
        program = self.desired.snapshots
        if program is None or program not in self.reread or program not in self.owned:
            return []
        version = next(a.version for a in self.desired.artifacts if a.name == "k3s")
        return [SaveSnapshot(program, f"before-{version.replace('+', '-')}")]

    def _registration(self) -> list[Operation]:
        wanted = self.desired.registration
        if wanted is None:
            return []
        return [AwaitNode(wanted.node, wanted.unit, wanted.kubeconfig, wanted.seconds)]

    def _other_changes(self) -> None:
        """A manifest that differs although no object does: a new generation records it."""
        old = self.managed.manifests.get(self.desired.resource)
        if old is None:
            self.reasons.append("not on the node yet")
        elif not self.reasons and set(old) != set(self.desired.manifest()):
            self.reasons.append("the record of the node differs")

    def _change(self, path: str, difference: str) -> None:
        self.changed.append(path)
        self.reread.append(path)
        self.reasons.append(f"{path} {difference}")

    def _refuse_foreign(self, path: str) -> None:
        owner = self.managed.owner_of(path)
        if owner is not None and owner != self.desired.resource:
            raise ConflictError(f"{path} belongs to the resource {owner} of the same machine")
