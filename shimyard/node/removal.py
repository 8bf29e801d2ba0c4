"""Facts -> the operations that leave a machine as it was before a resource. Pure."""

from __future__ import annotations

from shimyard.node.facts import Facts
from shimyard.node.operations import (
    DisableUnit,
    EmptyRuntime,
    ExpectGeneration,
    LeavePods,
    Operation,
    ReleaseUnit,
    RemoveData,
    RemoveFolder,
    RemovePath,
    StopUnit,
)
from shimyard.node.plan import Plan


def removal(resource: str, facts: Facts) -> Plan:
    """The operations that leave the machine as it was before ``resource``."""
    rows = facts.managed.manifests.get(resource)
    if rows is None:
        return Plan()
    operations: list[Operation] = [
        ExpectGeneration(resource, facts.generations.current.get(resource))
    ]
    units = [row[1] for row in rows if row[0] == "unit"]
    kubelets = {row[1] for row in rows if row[0] == "unit" and "kubelet" in row[2:]}
    paths = [row[1] for row in rows if row[0] in {"file", "link"}]
    made = {path for kind, path in facts.managed.made if kind == "data"}
    for unit in units:
        if unit in kubelets:
            # It would start again what we end.
            operations += [StopUnit(unit), LeavePods(unit), DisableUnit(unit)]
        else:
            operations += [EmptyRuntime(unit), StopUnit(unit), DisableUnit(unit)]
    operations += [RemovePath(path) for path in paths]
    operations += [ReleaseUnit(unit) for unit in units]
    operations += [RemoveData(row[1]) for row in rows if row[0] == "data" and row[1] in made]
    operations += emptied_folders(facts, wanted_folders(facts, resource))
    return Plan(tuple(operations), changed=tuple(paths), deletes=True)


def emptied_folders(facts: Facts, wanted: set[str]) -> list[Operation]:
    """Take away the folders that came into being with us and that nobody has ``wanted``."""
    made = [path for kind, path in facts.managed.made if kind == "dir" and path not in wanted]
    return [RemoveFolder(path) for path in sorted(made, reverse=True)]


def wanted_folders(facts: Facts, resource: str) -> set[str]:
    """The folders that other resources of the machine want, even if they are empty."""
    others = (rows for name, rows in facts.managed.manifests.items() if name != resource)
    return {row[1] for rows in others for row in rows if row[0] == "dir"}
