"""Every container has limits, so that one of them can't take a small machine down."""

from __future__ import annotations

from collections.abc import Iterator

from policies.pods import containers, kind
from policies.subject import Config, Subject, Violation
from policies.values import UNKNOWN, items, mapping


def limits(subject: Subject, config: Config) -> Iterator[Violation]:
    """Each container limits every resource in ``config['resources']``."""
    spin = [("spec", mapping(subject.inputs.get("spec")))] if kind(subject) == "SpinApp" else []
    for name, container in (*containers(subject), *spin):
        resources = container.get("resources")
        stated = mapping(resources).get("limits")
        if UNKNOWN in (resources, stated):
            continue
        for resource in items(config["resources"]):
            if mapping(stated).get(resource) in (None, ""):
                yield Violation(
                    f"{name}, resources.limits.{resource}",
                    "is not set, so the container can take all that the machine has",
                    f"set a limit of {resource} for it",
                )
