"""The provider's requests and responses, one class each.

They follow pulumi.provider.experimental, with the old inputs that its diff and delete lack.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from shimyard.provider.values import Properties


@dataclass(frozen=True)
class CheckRequest:
    """Are ``news`` fit to be the inputs of ``urn``? ``olds`` are the last ones, or empty."""

    urn: str
    olds: Properties
    news: Properties


@dataclass(frozen=True)
class CheckResponse:
    """The inputs to go on with, or (property, reason) of each failure."""

    inputs: Properties
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DiffRequest:
    """What would change between ``old_inputs``/``state`` and ``news``?"""

    urn: str
    id: str
    old_inputs: Properties
    state: Properties
    news: Properties
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DiffResponse:
    """(property path, kind) of each change; kind is add, delete, update or replace."""

    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ApplyRequest:
    """Create (``id`` is empty) or update a resource; ``state`` is the last one."""

    urn: str
    id: str
    inputs: Properties
    preview: bool
    state: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class ApplyResponse:
    """What became of it."""

    id: str
    state: Properties


@dataclass(frozen=True)
class ReadRequest:
    """How is the resource now? ``inputs`` and ``state`` are the last known."""

    urn: str
    id: str
    inputs: Properties
    state: Properties


@dataclass(frozen=True)
class ReadResponse:
    """The resource as it is; an empty ``id`` means that it is gone."""

    id: str
    inputs: Properties = field(default_factory=dict)
    state: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class DeleteRequest:
    """Take the resource away."""

    urn: str
    id: str
    inputs: Properties


class Kind(Protocol):
    """A kind of resource: what the engine asks of it."""

    def check(self, request: CheckRequest, /) -> CheckResponse:
        """Validate, and add what a preview shows."""

    def diff(self, request: DiffRequest, /) -> DiffResponse:
        """What changes."""

    def apply(self, request: ApplyRequest, /) -> ApplyResponse:
        """Create or update. Raises ``ShimyardError`` or ``PartialStateError``."""

    def read(self, request: ReadRequest, /) -> ReadResponse:
        """How it is now. Raises ``ShimyardError``."""

    def delete(self, request: DeleteRequest, /) -> None:
        """Take it away. Raises ``ShimyardError``."""


class PartialStateError(Exception):
    """Something was changed, but not to the end: the engine keeps ``state`` and tries again.

    Attributes: ``reason`` (the error's text), ``id``, ``inputs``, ``state``.
    """

    def __init__(self, reason: str, *, id: str, inputs: Properties, state: Properties) -> None:
        super().__init__(reason)
        self.reason = reason
        self.id = id
        self.inputs = inputs
        self.state = state
