"""Every container has limits, so that one of them can't take a small machine down."""

from __future__ import annotations

from collections.abc import Iterator

from policies.pods import containers
from policies.subject import Config, Subject, Violation
from policies.values import items, mapping


def limits(subject: Subject, config: Config) -> Iterator[Violation]:
    """Each container limits every resource in ``config['resources']``."""
    for name, container in containers(subject):
        stated = mapping(mapping(container.get("resources")).get("limits"))
        for resource in items(config["resources"]):
            if stated.get(resource) in (None, ""):
                yield Violation(
                    f"{name}, resources.limits.{resource}",
                    "is not set, so the container can take all that the machine has",
                    f"set a limit of {resource} for it",
                )
