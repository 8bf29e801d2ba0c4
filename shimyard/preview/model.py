"""A preview's summary as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

VERSION = 1
"""Of the JSON form; it grows when a reader of an older one would misread it."""

Action = Literal["create", "update", "delete", "replace", "import"]

OK, FAILED, VIOLATED = 0, 1, 3
"""Exit codes: nothing is wrong; the preview failed; a mandatory policy is violated (2 is usage)."""


@dataclass(frozen=True)
class FileChange:
    """A file on a machine. ``diff``: lines of a unified diff without its head, [] if secret.

    ``note``: what stands in place of the diff.
    """

    path: str
    action: Literal["add", "update", "delete"]
    diff: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class VersionChange:
    """An artifact on a machine; None: it is not there."""

    artifact: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ValueChange:
    """A property. ``before`` and ``after`` as text; None: it is not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource.

    ``effects``: sentences about what running services notice. ``drift``: what a refresh has found
    and this change repairs. ``because``: properties that make it a replacement.
    """

    action: Action
    type: str
    name: str
    urn: str
    effects: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    versions: tuple[VersionChange, ...] = ()
    files: tuple[FileChange, ...] = ()
    values: tuple[ValueChange, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeChange:
    """What happens on one machine."""

    node: str
    resources: tuple[ResourceChange, ...]

    @property
    def effects(self) -> tuple[str, ...]:
        """Sentences of all its resources, each once."""
        return tuple(dict.fromkeys(each for one in self.resources for each in one.effects))


@dataclass(frozen=True)
class PolicyResult:
    """One violation, and every resource that has it."""

    policy: str
    level: Literal["mandatory", "advisory"]
    message: str
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Problem:
    """An error or a warning, and what it is about (empty: the whole preview)."""

    resource: str
    message: str


@dataclass(frozen=True)
class Summary:
    """All that a preview says. ``compared``: with the stack's state, or with nothing.

    ``removals``: deletes and replacements; they stand among nodes and objects as well.
    """

    stack: str
    result: Literal["succeeded", "failed"]
    compared: bool
    unchanged: int
    removals: tuple[ResourceChange, ...]
    nodes: tuple[NodeChange, ...]
    objects: tuple[ResourceChange, ...]
    others: tuple[ResourceChange, ...]
    policies: tuple[PolicyResult, ...]
    checked: tuple[str, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def violated(self) -> bool:
        """Whether a mandatory policy is."""
        return any(each.level == "mandatory" for each in self.policies)

    @property
    def failed(self) -> bool:
        """Whether the preview did, for another reason than a policy."""
        return bool(self.errors) or (self.result == "failed" and not self.violated)

    @property
    def code(self) -> int:
        """The command's exit code."""
        if self.failed:
            return FAILED
        return VIOLATED if self.violated else OK

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        verdict = {OK: "ok", FAILED: "failed", VIOLATED: "policy violated"}[self.code]
        return {"version": VERSION, "verdict": verdict, **asdict(self)}
