"""The host's network is for gateways only, which must reach what is wired to the machine."""

from __future__ import annotations

from collections.abc import Iterator

from policies.pods import pod
from policies.subject import Config, Subject, Violation
from policies.values import items, mapping


def host_network(subject: Subject, config: Config) -> Iterator[Violation]:
    """No pod with ``hostNetwork`` outside of the components in ``config['components']``."""
    found = pod(subject)
    if found is None or mapping(found[1]).get("hostNetwork") is not True:
        return
    allowed = items(config["components"])
    if not set(allowed) & set(subject.parents):
        yield Violation(
            f"{found[0]}.hostNetwork",
            "the pod shares the machine's network, past every NetworkPolicy",
            f"take hostNetwork away, or make it a part of {' or '.join(allowed)}",
        )
