"""Machines as nodes of their cluster: there, Ready, in service."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examination
from shimyard.doctor.findings.finding import Finding


def service(of: Examination) -> Iterator[Finding]:
    """Nodes that the cluster does not have, that are not Ready, or that take no pods."""
    if not isinstance(of.cluster, ClusterFacts) or of.settings.cluster is None:
        return
    for node in (each.name for each in of.settings.nodes if each.name in of.clustered):
        unit = of.unit(node)
        look = f"see `systemctl status {unit}` and `journalctl -u {unit}` on the machine"
        member = of.cluster.members.get(node)
        if member is None:
            sentence = "it is to be a node of the cluster, which has no node of this name"
            yield Finding("member", "broken", node, sentence, of.joining(node))
            continue
        if not member.ready:
            sentence = "the cluster does not count it as Ready"
            yield Finding("not-ready", "broken", node, sentence, look)
        if member.cordoned and member.ours:
            sentence = "a change of Shimyard's has cordoned it and has not come to its end"
            yield Finding("cordoned", "warning", node, sentence, of.again)
        elif member.cordoned:
            sentence = "somebody has cordoned it: it gets no new pods"
            mend = f"if that is no longer meant: `kubectl uncordon {node}`"
            yield Finding("cordoned", "warning", node, sentence, mend)
