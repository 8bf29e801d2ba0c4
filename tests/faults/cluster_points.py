"""The points that a cluster adds to a transaction, and those that a run has come to."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shimyard.node import cluster, scripts
from shimyard.node.operations import Operation, kubelet
from tests.faults.points import Kind, kind_of, points

# What only reads leaves no trace wherever it is killed: once is enough.
READING = frozenset({("verb", "members"), ("verb", "access")})

# The parts of the node's program that only a cluster calls.
_PARTS = ("cluster.sh", "kubelet.sh", "token.sh")
_VERB = re.compile(r'call\(\s*(?:self\._session,\s*)?"([a-z]+)"')
# The first line of what a transcript tells says which resource's machine it is about.
_OF = re.compile(r"(edge-[0-9]+): [>|!<(]")
_CALLED = re.compile(r"\[script\]'? shimyard ([a-z]+)")
_COLOUR = re.compile(r"<\{%.*?%\}>")
_STEP = re.compile(r"\| step  [0-9]+  (.+)$")


@dataclass(frozen=True)
class Station:
    """A point that a run has come to: its ``kind``, its words, the machine that stood there."""

    kind: Kind
    point: str
    node: str

    @property
    def is_verb(self) -> bool:
        """Whether it is a call to the cluster, and no step of a transaction."""
        return self.kind[0] == "verb"


def added_by_a_cluster(known: frozenset[Kind]) -> frozenset[Kind]:
    """Those kinds of points that no other suite can come to, read out of the code."""
    verbs = {("verb", verb) for verb in _VERB.findall(inspect.getsource(cluster))}
    steps = {
        _name_of(each)
        for _, each in inspect.getmembers(kubelet, inspect.isclass)
        if issubclass(each, Operation) and each is not Operation
    }
    folder = Path(scripts.__file__).parent
    inside = frozenset().union(*(points((folder / part).read_text()) for part in _PARTS))
    return frozenset(
        kind for kind in known if kind in verbs | inside or kind[1:] in {(step,) for step in steps}
    )


def told(events: Path) -> list[str]:
    """What a run with --debug has told, in order, out of its event log."""
    found = (json.loads(line) for line in events.read_text().splitlines())
    messages = (event.get("diagnosticEvent", {}).get("message", "") for event in found)
    return [_COLOUR.sub("", message) for message in messages]


def stations(messages: Sequence[str], kinds: frozenset[Kind], server: str) -> list[Station]:
    """Where a run with --debug has been, each kind once, in order.

    Verbs of a cluster run on its ``server``; a step is told of by the machine's own transaction.
    """
    found: dict[Kind, Station] = {}
    for node, words in _points("\n".join(messages)):
        point = " ".join(words)
        try:
            kind = kind_of(words, kinds)
        except ValueError:
            continue
        where = server if kind[0] == "verb" else node
        found.setdefault(kind, Station(kind, point, where))
    return list(found.values())


def _points(output: str) -> Iterator[tuple[str, list[str]]]:
    node = ""
    for line in output.splitlines():
        of, called, step = _OF.search(line), _CALLED.search(line), _STEP.search(line)
        node = of.group(1) if of else node
        if called is not None:
            yield node, ["verb", called.group(1)]
        elif step is not None:
            yield node, step.group(1).split("  ")


def _name_of(kind: type[Operation]) -> str:
    """The name of the operation in the node's program: the first of its words."""
    first = re.search(r'return \("([a-z-]+)"', inspect.getsource(kind))
    if first is None:
        raise ValueError(f"{kind.__name__} names no operation; teach this reader")
    return first.group(1)
