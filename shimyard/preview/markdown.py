"""A summary as Markdown for a comment: what must not be missed first, diffs folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from shimyard.preview.escape import block, code
from shimyard.preview.model import (
    FAILED,
    OK,
    FileChange,
    NodeChange,
    PolicyResult,
    Problem,
    ResourceChange,
    Summary,
    ValueChange,
)
from shimyard.preview.parts import COMMENT_LIMIT, Folded, Part, Text, fitted, listed

MARKER = "<!-- shimyard-preview: {} -->"
"""An invisible line of Markdown, with a place for the name of the stack."""
_MARK = {"create": "+", "update": "~", "delete": "-", "replace": "-/+", "import": "="}
_ENDS = ("drains", "restarts", "stops", "ends", "deletes")
_MOST = 50
_FEW = 12
_BENIGN = "nothing restarts"


def markdown(summary: Summary, *, limit: int = COMMENT_LIMIT, marker: str = "") -> str:
    """The summary, not longer than ``limit`` characters.

    ``marker``: a line that is put first, by which a program finds its comment again.
    """
    parts: list[Part] = []
    if marker:
        parts.append(Text.of(marker))
    parts.append(Text.of(*_head(summary)))
    for section in _SECTIONS:
        parts += section(summary)
    more = (
        "_This is not all: it would not fit. The whole summary: "
        f"{code(f'make preview STACK={summary.stack} FORMAT=json')}_"
    )
    return fitted(parts, limit, more)


def marker_of(stack: str) -> str:
    """An invisible line that is the same for every summary of a stack."""
    safe = "".join(each for each in stack if each.isalnum() or each in "._-")
    return MARKER.format(safe)


def without_summary(stack: str) -> str:
    """The comment of a stack whose preview gave no summary.

    An earlier commit's summary, left where it is, would be read as the newest one's.
    """
    lines = [
        marker_of(stack),
        _title(stack),
        "",
        "**There is no preview of the newest commit: its job failed.** "
        "Its log is with this pull request's\nchecks.",
    ]
    return "\n".join(lines) + "\n"


def _title(stack: str) -> str:
    return f"## Preview of stack {code(stack)}"


def _head(summary: Summary) -> list[str]:
    verdict = {
        OK: "✅ can be applied",
        FAILED: "❌ the preview failed",
    }.get(summary.code, "⛔ a mandatory policy is violated")
    every = [*_all_resources(summary)]
    counts = ", ".join(
        f"{count} to {action}"
        for action in ("create", "update", "replace", "delete", "import")
        if (count := sum(each.action == action for each in every))
    )
    lines = [_title(summary.stack), "", f"**{verdict}**", ""]
    lines.append(f"{counts or 'No changes'}; {summary.unchanged} unchanged.")
    if not summary.compared:
        lines += ["", "Compared with nothing, since there is no state: everything looks new."]
    return [*lines, ""]


def _all_resources(summary: Summary) -> Iterable[ResourceChange]:
    for node in summary.nodes:
        yield from node.resources
    yield from summary.objects
    yield from summary.others


def _removals(summary: Summary) -> list[Part]:
    if not summary.removals:
        return []
    lines = []
    for each in summary.removals:
        because = ", ".join(code(path) for path in each.because)
        why = f", because of {because}" if because else ""
        lines.append(f"- **{each.action}** {_label(each)}{why}")
    return [
        Text.of(f"### ⚠️ {len(lines)} deleted or replaced", "", *listed(lines, _MOST, "of them"), "")
    ]


def _disruptions(summary: Summary) -> list[Part]:
    """What restarts and what drains, together for all machines that do the same."""
    found: dict[str, list[str]] = {}
    for node in summary.nodes:
        for effect in node.effects:
            if effect.startswith(_ENDS):
                # A drain names its machine; the same on every machine is one line.
                said = "drains" if effect == f"drains {node.node}" else effect
                found.setdefault(said, []).append(node.node)
    if not found:
        if not summary.nodes:
            return []
        return [Text.of("### Restarts and drains", "", "None.", "")]
    lines = [
        f"- {code(effect)} on {_names(nodes)}"
        for effect, nodes in sorted(found.items(), key=lambda each: _order(each[0]))
    ]
    return [Text.of("### 🔁 Restarts and drains", "", *listed(lines, _MOST, "of them"), "")]


def _order(effect: str) -> tuple[int, str]:
    return (_ENDS.index(effect.split(" ", maxsplit=1)[0]), effect)


def _policies(summary: Summary) -> list[Part]:
    if not summary.checked and not summary.policies:
        return []
    mandatory = [each for each in summary.policies if each.level == "mandatory"]
    advisory = len(summary.policies) - len(mandatory)
    parts: list[Part] = [Text.of("### ⛔ Policies" if mandatory else "### Policies", "")]
    parts += _violations(mandatory)
    violated = {each.policy for each in summary.policies}
    passed = [name for name in summary.checked if name not in violated]
    if advisory:
        parts.append(Text.of(f"{advisory} advisory below.", ""))
    if passed:
        parts.append(Text.of(f"Passed: {', '.join(code(name) for name in passed)}.", ""))
    return parts


def _advice(summary: Summary) -> list[Part]:
    advisory = [each for each in summary.policies if each.level == "advisory"]
    if not advisory:
        return []
    return [Text.of(f"### Advisory policies ({len(advisory)})", ""), *_violations(advisory)]


def _violations(results: Sequence[PolicyResult]) -> list[Part]:
    parts = [part for each in results[:_MOST] for part in _policy(each)]
    if len(results) > _MOST:
        parts.append(Text.of(f"- … and {len(results) - _MOST} more", ""))
    return parts


def _policy(each: PolicyResult) -> list[Part]:
    mark = "⛔" if each.level == "mandatory" else "🔶"
    _, _, detail = each.message.partition("\n")
    lines = (detail or each.message).splitlines()
    head = [f"- {mark} **{code(each.policy)}** ({each.level}): {_names(each.resources)}", ""]
    if len(lines) <= _FEW:
        return [Text.of(*head, *(f"  {line}" for line in block(lines)), "")]
    return [Text.of(*head), Folded(lines[0], f" and {len(lines) - 1} more lines", tuple(lines), "")]


def _errors(summary: Summary) -> list[Part]:
    return _problems("### ❌ Errors", summary.errors)


def _warnings(summary: Summary) -> list[Part]:
    return _problems("### Warnings", summary.warnings)


def _problems(title: str, problems: Sequence[Problem]) -> list[Part]:
    if not problems:
        return []
    lines: list[str] = []
    for each in problems[:_FEW]:
        about = f"- {code(each.resource)}:" if each.resource else "- The preview:"
        told = each.message.splitlines()
        shown = told[:_MOST]
        if len(told) > len(shown):
            shown.append(f"... {len(told) - len(shown)} more lines")
        lines += [about, "", *(f"  {line}" for line in block(shown)), ""]
    if len(problems) > _FEW:
        lines += [f"- … and {len(problems) - _FEW} more", ""]
    return [Text.of(title, "", *lines)]


def _nodes(summary: Summary) -> list[Part]:
    if not summary.nodes:
        return []
    parts: list[Part] = [Text.of(f"### Machines ({len(summary.nodes)})", "")]
    for same in _alike(summary.nodes):
        parts += _node(same)
    return parts


def _alike(nodes: Sequence[NodeChange]) -> list[list[NodeChange]]:
    """Machines on which the very same happens, together."""
    groups: dict[object, list[NodeChange]] = {}
    for node in nodes:
        what = tuple(
            (each.action, each.type, each.drift, each.versions, each.files, each.values)
            for each in node.resources
        )
        effects = tuple(each.replace(node.node, "*") for each in node.effects)
        groups.setdefault((what, effects), []).append(node)
    return list(groups.values())


def _node(same: Sequence[NodeChange]) -> list[Part]:
    first = same[0]
    lines = [f"#### {_names([node.node for node in same])}", ""]
    folded: list[Part] = []
    for each in first.resources:
        kind = each.type.rpartition(":")[2]
        # Which of several has which name is seen where it is removed.
        name = "" if len(same) > 1 or each.name == first.node else f" {code(each.name)}"
        lines.append(f"- {code(_MARK[each.action])} {code(kind)}{name}{_version_list(each)}")
        lines += [f"  - {_sentence(effect, same)}" for effect in each.effects if effect != _BENIGN]
        lines += [f"  - repairs: {code(drift)}" for drift in each.drift[:_MOST]]
        values = [f"  {line}" for line in map(_value, each.values)]
        lines += listed(values, _MOST, "properties")
        folded += [_file(file) for file in each.files]
    return [Text.of(*lines, ""), *folded]


def _sentence(effect: str, same: Sequence[NodeChange]) -> str:
    return "drains it" if effect == f"drains {same[0].node}" else code(effect, 400)


def _version_list(each: ResourceChange) -> str:
    told = [
        f"{code(change.artifact)} {code(change.before or 'none')} → {code(change.after or 'none')}"
        for change in each.versions
    ]
    if each.action == "create":
        told = [f"{code(change.artifact)} {code(change.after or '')}" for change in each.versions]
    return f": {', '.join(told)}" if told else ""


def _file(file: FileChange) -> Part:
    mark = {"add": "+", "update": "~", "delete": "-"}[file.action]
    if file.note:
        return Text.of(f"- {code(mark)} {code(file.path)}: {code(file.note)}", "")
    plus = sum(line.startswith("+") for line in file.diff)
    minus = sum(line.startswith("-") for line in file.diff)
    return Folded(f"{mark} {file.path}", f" (+{plus} -{minus})", file.diff)


def _objects(summary: Summary) -> list[Part]:
    return _resources("### Kubernetes objects", summary.objects)


def _others(summary: Summary) -> list[Part]:
    return _resources("### Other resources", summary.others)


def _resources(title: str, changes: Sequence[ResourceChange]) -> list[Part]:
    if not changes:
        return []
    parts: list[Part] = [Text.of(f"{title} ({len(changes)})", "")]
    for each in changes[:_MOST]:
        line = f"- {code(_MARK[each.action])} {_label(each)}"
        if len(each.values) <= _FEW:
            parts.append(Text.of(line, *(f"  {_value(value)}" for value in each.values)))
        else:
            body = tuple(f"{v.path}: {v.before} -> {v.after}" for v in each.values)
            parts += [Text.of(line, ""), Folded("properties", f" ({len(body)})", body, "")]
    if len(changes) > _MOST:
        parts.append(Text.of(f"- … and {len(changes) - _MOST} more"))
    return [*parts, Text.of("")]


def _label(each: ResourceChange) -> str:
    return f"{code(each.type.rpartition(':')[2])} {code(each.name)}"


def _value(value: ValueChange) -> str:
    if value.before is None:
        return f"- {code(value.path)}: {code(value.after or '')}"
    if value.after is None:
        return f"- {code(value.path)}: removed, was {code(value.before)}"
    return f"- {code(value.path)}: {code(value.before)} → {code(value.after)}"


def _names(names: Sequence[str]) -> str:
    shown = [code(name) for name in names[:_MOST]]
    if len(names) > _MOST:
        shown.append(f"{len(names) - _MOST} more")
    return ", ".join(shown) or "the stack"


_SECTIONS: tuple[Callable[[Summary], list[Part]], ...] = (
    _removals,
    _errors,
    _disruptions,
    _policies,
    _nodes,
    _objects,
    _others,
    _advice,
    _warnings,
)
