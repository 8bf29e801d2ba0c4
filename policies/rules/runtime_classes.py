"""A RuntimeClass sends its pods only to machines that have the handler."""

from __future__ import annotations

from collections.abc import Iterator

from policies.pods import kind
from policies.subject import Config, Subject, Violation
from policies.values import UNKNOWN, mapping
from shimyard.settings.capabilities import PROVEN, capability_label


def scheduled_runtime_class(subject: Subject, _config: Config) -> Iterator[Violation]:
    """A RuntimeClass has a node selector; without one, pods wait on machines without the shim."""
    if kind(subject) != "RuntimeClass":
        return
    scheduling = subject.inputs.get("scheduling")
    if scheduling is UNKNOWN or mapping(scheduling).get("nodeSelector") is UNKNOWN:
        return
    if not mapping(mapping(scheduling).get("nodeSelector")):
        handler = subject.inputs.get("handler")
        yield Violation(
            "scheduling.nodeSelector",
            f"is empty, so pods of handler {handler} are also sent to machines without it, where "
            "they never start",
            "select the label that is set where the handler is proven "
            f"({capability_label(str(handler))}: {PROVEN!r}), as the component RuntimeClasses does",
        )
