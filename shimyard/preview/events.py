"""The engine's event log, read line by line (sdk/go/common/apitype/events.go)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shimyard.errors import ShimyardError

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that a preview can't know."""

SECRET = "[secret]"  # noqa: S105
"""What stands here in place of a secret."""

# The protocol's own marks; the engine has taken the value out already.
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
_SHOWN = frozenset({"info", "info#err", "warning", "error"})
# Directives for a terminal's colours.
_COLOUR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")


class EventLogError(ShimyardError):
    """A line that is none of the engine's. Attribute ``line``: its number, from 1."""

    def __init__(self, line: int, cause: str) -> None:
        super().__init__(
            f"line {line} of the event log can't be read: {cause}",
            mend="run the preview again; the log is what `pulumi preview --event-log` writes",
        )
        self.line = line


@dataclass(frozen=True)
class Step:
    """What the engine would do with one resource. ``old``, ``new``: its inputs; {} if none.

    ``changed``: property path -> 'add', 'update', 'delete', each with '-replace' if it replaces.
    ``state``: outputs before. ``keys``: properties that make it a replacement.
    """

    op: str
    urn: str
    type: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    state: Mapping[str, Any]
    changed: Mapping[str, str]
    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        """The resource's name."""
        return name_of(self.urn)


@dataclass(frozen=True)
class Violation:
    """A policy that a resource violates. ``level``: 'mandatory' or 'advisory'."""

    policy: str
    level: str
    urn: str
    message: str


@dataclass(frozen=True)
class Diagnostic:
    """Something that engine, program or provider said. ``severity``: info, warning, error."""

    severity: str
    urn: str
    message: str


@dataclass
class Events:
    """All that counts of one preview. ``result``: 'succeeded', 'failed', or '' if it never ended.

    ``passed``: policies that at least one resource was checked by.
    """

    steps: list[Step] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    result: str = ""


def read_events(lines: Iterable[str]) -> Events:
    """Read a log; what a preview's summary does not need is passed over. Raises EventLogError."""
    events = Events()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            if not isinstance(event, dict):
                raise ValueError("it is no object")  # noqa: TRY004, TRY301  # as for other text
            _add(events, event)
        except (ValueError, KeyError, TypeError, AttributeError) as cause:
            raise EventLogError(number, f"{type(cause).__name__}: {cause}") from None
    return events


def name_of(urn: str) -> str:
    """A resource's name, which may hold anything."""
    parts = urn.split("::", maxsplit=3)
    return parts[3] if len(parts) == 4 else urn


def plain(text: str) -> str:
    """``text`` without directives for colours."""
    return _COLOUR.sub("", text).strip("\n")


def _add(events: Events, event: Mapping[str, Any]) -> None:
    if "resourcePreEvent" in event:
        events.steps.append(_step(event["resourcePreEvent"]["metadata"]))
    elif "policyEvent" in event:
        found = event["policyEvent"]
        level = "mandatory" if found["enforcementLevel"] == "mandatory" else "advisory"
        message = plain(found["message"])
        events.violations.append(
            Violation(found["policyName"], level, found.get("resourceUrn", ""), message)
        )
        events.checked.add(found["policyName"])
    elif "policyAnalyzeSummaryEvent" in event:
        told = event["policyAnalyzeSummaryEvent"]
        events.checked.update(told.get("passed") or [], told.get("failed") or [])
    elif "diagnosticEvent" in event:
        said = event["diagnosticEvent"]
        if said["severity"] in _SHOWN and not said.get("ephemeral"):
            events.diagnostics.append(
                Diagnostic(
                    said["severity"].partition("#")[0], said.get("urn", ""), plain(said["message"])
                )
            )
    elif "errorEvent" in event:
        events.diagnostics.append(Diagnostic("error", "", plain(event["errorEvent"]["error"])))
    elif "summaryEvent" in event:
        events.result = event["summaryEvent"]["result"]


def _step(metadata: Mapping[str, Any]) -> Step:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    detailed = metadata.get("detailedDiff") or {}
    changed = {path: each["diffKind"] for path, each in detailed.items()}
    return Step(
        op=metadata["op"],
        urn=metadata["urn"],
        type=metadata["type"],
        old=_readable(old.get("inputs") or {}),
        new=_readable(new.get("inputs") or {}),
        state=_readable(old.get("outputs") or {}),
        changed=changed or dict.fromkeys(metadata.get("diffs") or [], "update"),
        keys=tuple(metadata.get("keys") or ()),
    )


def _readable(value: Any) -> Any:
    """``value`` with a word in place of each secret."""
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(_SIGNATURE_KEY) == _SECRET_MARK:
        return SECRET
    return {key: _readable(item) for key, item in value.items()}
