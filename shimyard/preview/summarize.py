"""From the engine's events to what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from shimyard.preview.events import UNKNOWN, Events, Step, name_of
from shimyard.preview.files import file_changes
from shimyard.preview.model import (
    Action,
    NodeChange,
    PolicyResult,
    Problem,
    ResourceChange,
    Summary,
    ValueChange,
)
from shimyard.preview.values import differences, secret_changes, versions

_ACTIONS: Mapping[str, Action] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "import": "import",
    # One replacement is three steps.
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
}
_REMOVES = frozenset({"delete", "replace"})
_NODE = ("shimyard:node:", "shimyard:cluster:Node")
_OBJECT = "kubernetes:"
# Inputs that a summary shows in a form of their own, or that are no change of a machine.
_APART = frozenset({"artifacts", "files", "digests", "effects", "sources", "node", "membership"})
_DRIFT = "drift"
# How `make` lets the engine find the Kubernetes provider.
_TOOLCHAIN = "using pulumi-resource-"
# What the engine says at the end of each preview that fails.
_ENDING = frozenset({"preview failed", "update failed", ""})


def summarize(events: Events, stack: str, *, compared: bool = True) -> Summary:
    """The summary of one preview of ``stack``.

    ``compared``: with the stack's state; without one, everything is new.
    """
    changes = _changes(events.steps)
    nodes: dict[str, list[ResourceChange]] = {}
    objects, others = [], []
    for step, change in changes:
        if step.type.startswith(_NODE):
            nodes.setdefault(_node_of(step), []).append(change)
        elif step.type.startswith(_OBJECT):
            objects.append(change)
        elif _has_substance(step, change):
            others.append(change)
    said = [each for each in events.diagnostics if each.severity == "error"]
    warned = [
        each
        for each in events.diagnostics
        if each.severity == "warning" and not each.message.startswith(_TOOLCHAIN)
    ]
    return Summary(
        stack=stack,
        result="succeeded" if events.result == "succeeded" else "failed",
        compared=compared,
        unchanged=len({step.urn for step in events.steps if step.op == "same"}),
        removals=tuple(change for _, change in changes if change.action in _REMOVES),
        nodes=tuple(NodeChange(name, tuple(found)) for name, found in sorted(nodes.items())),
        objects=tuple(objects),
        others=tuple(others),
        policies=_policies(events),
        checked=tuple(sorted(events.checked)),
        errors=_problems((each.urn, each.message) for each in said),
        warnings=_problems((each.urn, each.message) for each in warned),
    )


def _changes(steps: Sequence[Step]) -> list[tuple[Step, ResourceChange]]:
    """Each changed resource once, in the engine's order."""
    found: dict[str, tuple[Step, ResourceChange]] = {}
    for step in steps:
        action = _ACTIONS.get(step.op)
        if action is None:
            continue
        known = found.get(step.urn)
        # Of a replacement's steps, the one that knows both sides says most.
        if known is None or (step.old and step.new and not (known[0].old and known[0].new)):
            found[step.urn] = (step, _change(step, action))
    return list(found.values())


def _change(step: Step, action: Action) -> ResourceChange:
    old, new = step.old, step.new
    if action == "delete":
        new = {}
    repairs = set(step.changed) == {_DRIFT}
    drift = step.state.get(_DRIFT) if _DRIFT in step.changed else None
    machine = step.type.startswith(_NODE)
    return ResourceChange(
        action=action,
        type=step.type,
        name=step.name,
        urn=step.urn,
        effects=() if repairs else _sentences(new.get("effects")),
        drift=_sentences(drift),
        versions=versions(old, new) if machine else (),
        files=file_changes(old, new, step.changed) if machine else (),
        # All of a new or removed resource's properties are no news.
        values=_values(step, machine) if old and new else (),
        because=step.keys or tuple(p for p, k in step.changed.items() if k.endswith("-replace")),
    )


def _values(step: Step, machine: bool) -> tuple[ValueChange, ...]:
    hidden = _APART | {_DRIFT} if machine else frozenset({"effects"})

    def shown(inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in inputs.items() if k not in hidden and not k.startswith("__")}

    seen = list(differences(shown(step.old), shown(step.new)))
    return (*seen, *secret_changes(step.changed, seen, hidden))


def _sentences(value: Any) -> tuple[str, ...]:
    if value == UNKNOWN:
        return ("what restarts is not known before `up`",)
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _node_of(step: Step) -> str:
    inputs = step.new or step.old
    node = inputs.get("node")
    name = node.get("name") if isinstance(node, Mapping) else inputs.get("name")
    return name if isinstance(name, str) and name != UNKNOWN else step.name


def _has_substance(step: Step, change: ResourceChange) -> bool:
    """Components, stacks and providers change whenever what is in them does."""
    bookkeeping = step.type.startswith(("pulumi:", "shimyard:index:"))
    return not bookkeeping or (change.action in _REMOVES and step.type.startswith("pulumi:prov"))


def _policies(events: Events) -> tuple[PolicyResult, ...]:
    """Violations with the same words together; the mandatory ones first."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in events.violations:
        resources = found.setdefault((each.policy, each.level, each.message), [])
        label = resource_label(each.urn)
        if label not in resources:
            resources.append(label)
    levels: Mapping[str, Literal["mandatory", "advisory"]] = {
        "mandatory": "mandatory",
        "advisory": "advisory",
    }
    results = [
        PolicyResult(policy, levels[level], message, tuple(resources))
        for (policy, level, message), resources in found.items()
    ]
    return tuple(sorted(results, key=lambda each: (each.level != "mandatory", each.policy)))


def _problems(said: Iterable[tuple[str, str]]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(
        (resource_label(urn), message) for urn, message in said if message not in _ENDING
    )
    return tuple(Problem(resource, message) for resource, message in unique)


def resource_label(urn: str) -> str:
    """'ContainerRuntime mast-berlin-1', empty for none."""
    if not urn:
        return ""
    _, _, kinds, *_ = [*urn.split("::", maxsplit=3), "", ""]
    return f"{kinds.rpartition('$')[2].rpartition(':')[2]} {name_of(urn)}".strip()
