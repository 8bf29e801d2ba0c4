"""The points at which a transaction can be killed, read out of the code of the node's program."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shimyard.node import operations, scripts
from shimyard.node.operations import Operation

# Such as ("switch", "file"), ("finish", "current") or ("verb", "fetch").
Kind = tuple[str, ...]

_FUNCTION = re.compile(r"(?m)^(prepare|switch)_([a-z_]+)\(\)")
_VERB = re.compile(r"(?m)^([a-z]+)\)")
_CALL = re.compile(r"(?m)(?:^|[;{(&|]|\bthen|\bdo)[ \t]*(step|reached) (.*)$")
_LITERALS = re.compile(r"((?:[a-z-]+(?: |$))*)(.*)")
# The step of an operation, and how a step becomes a point.
_OF_AN_OPERATION = '"$phase" "$operation" "$a"'
_OF_A_STEP = '"$@"'


class UnreadableStepError(ValueError):
    """A step is announced in a way that this reader does not know; teach it."""


def program() -> str:
    """The text of every part of the node's program."""
    folder = Path(scripts.__file__).parent
    return "".join(part.read_text() for part in sorted(folder.rglob("*.sh")))


def points(text: str) -> frozenset[Kind]:
    """All kinds of points in a program's ``text``. Raises ``UnreadableStepError``."""
    return frozenset(_points(text))


def _points(text: str) -> Iterator[Kind]:
    for call, words in _CALL.findall(text):
        match = _LITERALS.match(words)
        literal, rest = match.groups() if match is not None else ("", words)
        kind = tuple(literal.split())
        if kind == ("verb",):
            yield from (("verb", verb) for verb in _VERB.findall(text))
        elif kind:
            yield kind
        elif call == "step" and rest == _OF_AN_OPERATION:
            yield from ((phase, name.replace("_", "-")) for phase, name in _FUNCTION.findall(text))
        elif not (call == "reached" and rest == _OF_A_STEP):
            raise UnreadableStepError(f"{call} {words}")


def kind_of(words: Sequence[str], known: frozenset[Kind]) -> Kind:
    """The kind of one point, such as "switch file /etc/x". Raises ``UnreadableStepError``."""
    for length in range(len(words), 0, -1):
        if tuple(words[:length]) in known:
            return tuple(words[:length])
    raise UnreadableStepError(f"no step of the code is called {' '.join(words)!r}")


def operation_names() -> frozenset[str]:
    """The name in the node's program of every operation that a plan can have."""
    return frozenset(_example(each).words()[0] for each in _below(Operation.__subclasses__()))


def _below(kinds: Sequence[type[Operation]]) -> Iterator[type[Operation]]:
    for kind in kinds:
        yield kind
        yield from _below(kind.__subclasses__())


def _example(kind: type[Operation]) -> Operation:
    fields = typing.get_type_hints(kind, vars(operations))
    make: Callable[..., Operation] = kind
    return make(**{name: _value(hint) for name, hint in fields.items()})


def _value(hint: object) -> object:
    return {str: "x", bool: False, int: 1}.get(hint) if isinstance(hint, type) else ()
