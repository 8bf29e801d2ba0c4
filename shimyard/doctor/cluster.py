"""What the verb `survey` tells of a cluster: a pure parser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shimyard.node.cluster import Member, members_of
from shimyard.node.facts.lines import Lines


@dataclass(frozen=True)
class RuntimeClass:
    """A RuntimeClass: its handler, and the labels that it asks of a node."""

    handler: str
    selector: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """A container that has ended, now or before its restart, with this code and reason.

    ``identity``: containerd's name of it.
    """

    container: str
    code: int
    reason: str
    identity: str = ""


@dataclass(frozen=True)
class Pod:
    """A pod of a RuntimeClass. ``node`` is "" before it has one.

    ``unscheduled``: the scheduler's words for why. ``limits``: container -> limit of memory.
    ``images``: container -> digest of its image's manifest.
    """

    namespace: str
    name: str
    node: str
    runtime_class: str
    unscheduled: str = ""
    ends: tuple[End, ...] = ()
    limits: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class ClusterFacts:
    """``members``: Node objects by name. ``handlers``: node -> what its CRI serves, as its kubelet
    tells it; absent where it tells nothing. ``classes``: RuntimeClasses by name.
    """

    members: Mapping[str, Member] = field(default_factory=dict)
    handlers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    classes: Mapping[str, RuntimeClass] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()

    @classmethod
    def parse(cls, text: str) -> ClusterFacts:
        """From the verb's output. Raises ValueError if it was cut off."""
        lines = Lines(text)
        if not lines.complete:
            raise ValueError("the answer ends in the middle")
        handlers: dict[str, set[str]] = {}
        for node, handler in lines.of("handler", 2):
            handlers.setdefault(node, set()).add(handler)
        return cls(
            members_of(text),
            {node: frozenset(names) for node, names in handlers.items()},
            {
                name: RuntimeClass(handler, _pairs(selector))
                for name, handler, selector in lines.of("class", 3)
            },
            _pods(lines),
        )


def _pods(lines: Lines) -> tuple[Pod, ...]:
    unscheduled = {(space, name): words for space, name, words in lines.of("unscheduled", 3)}
    ends: dict[tuple[str, str], list[End]] = {}
    for space, name, container, code, reason, identity in lines.of("ended", 6):
        if code.isascii() and code.isdecimal() and len(code) < 10:
            end = End(container, int(code), reason, identity.rpartition("/")[2])
            ends.setdefault((space, name), []).append(end)
    limits: dict[tuple[str, str], dict[str, str]] = {}
    for space, name, container, memory in lines.of("limit", 4):
        limits.setdefault((space, name), {})[container] = memory
    images: dict[tuple[str, str], dict[str, str]] = {}
    for space, name, container, image in lines.of("image", 4):
        images.setdefault((space, name), {})[container] = image.rpartition("@")[2]
    return tuple(
        Pod(
            space,
            name,
            "" if node == "-" else node,
            runtime_class,
            unscheduled.get((space, name), ""),
            tuple(ends.get((space, name), ())),
            limits.get((space, name), {}),
            images.get((space, name), {}),
        )
        for space, name, node, runtime_class in lines.of("pod", 4)
    )


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in text.split(",") if pair)
