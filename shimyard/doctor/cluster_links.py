"""The links in the cluster: the RuntimeClass and the node's capability label."""

from __future__ import annotations

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.links import Link, LinkName, broken, not_applicable, ok, unknown
from shimyard.settings.capabilities import PROVEN, capability_label


def runtime_class(of: Examination, node: str, handler: str) -> Link:
    """Can a pod ask for the handler, and does it then go only where it is proven?"""
    cluster = _cluster(of, node, "class")
    if isinstance(cluster, Link):
        return cluster
    classes = of.settings.runtime_classes
    if handler not in classes.handlers_of(of.settings.runtime):
        return not_applicable("class", "the stack asks for none")
    name, label = classes.name_of(handler), capability_label(handler)
    found = cluster.classes.get(name)
    if found is None:
        return broken("class", f"there is no RuntimeClass '{name}'", mend=of.again)
    if found.handler != handler:
        reason = f"RuntimeClass '{name}' leads to handler '{found.handler}'"
        return broken("class", reason, mend=of.again)
    if found.selector.get(label) != PROVEN:
        reason = f"RuntimeClass '{name}' does not ask for {label}: pods land where it is missing"
        return broken("class", reason, mend=of.again)
    return ok("class", f"'{name}'")


def label(of: Examination, node: str, handler: str) -> Link:
    """Does the cluster send pods of the handler to this node?"""
    cluster = _cluster(of, node, "label")
    if isinstance(cluster, Link):
        return cluster
    name = capability_label(handler)
    member = cluster.members.get(node)
    if member is None:
        return broken("label", "the cluster has no such node", mend=of.joining(node))
    value = member.labels.get(name)
    if value == PROVEN:
        return ok("label", name)
    machine = of.machines.get(node)
    reason = f"{name} is {'not set' if value is None else value}"
    if isinstance(machine, Examined):
        last = machine.facts.generations.canaries.get(handler)
        if last is None or last.result != "passed":
            reason += ", since no canary has passed"
    return broken("label", reason, mend=of.again)


def _cluster(of: Examination, node: str, link: LinkName) -> ClusterFacts | Link:
    if node not in of.clustered:
        return not_applicable(link, "the machine is no node of a cluster")
    if isinstance(of.cluster, ClusterFacts):
        return of.cluster
    cause = "it was not asked" if of.cluster is None else of.cluster.cause
    return unknown(link, f"the cluster can't be asked: {cause}")
