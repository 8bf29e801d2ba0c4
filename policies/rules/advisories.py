"""No machine runs a Wasm engine, in a shim or by itself, that is known to be unsafe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from policies.advisories import Advisory, Table, load_table
from policies.advisories.table import SERIOUS, Contents
from policies.subject import Config, Rule, Subject, Violation
from policies.values import items, mapping

_SHIM = "containerd-shim-"


def engine_advisories(
    *,
    serious: bool,
    table: Callable[[], Table] = load_table,
    today: Callable[[], date] = date.today,
) -> Rule:
    """A rule about advisories that are rated high or critical, or (``serious=False``) the others.

    ``config['accepted']``: advisories that somebody has looked at, each with 'artifact',
    'version', 'advisories' (names), 'reason' and 'until' (a date: the last day on which they are
    accepted). A shim whose engine is not in the table is one of the others.
    """

    def rule(subject: Subject, config: Config) -> Iterator[Violation]:
        if not subject.is_of_a_machine:
            return
        known = table()
        arch = mapping(subject.inputs.get("node")).get("arch") or "amd64"
        for name, record in mapping(subject.inputs.get("artifacts")).items():
            version = mapping(record).get("version")
            if not isinstance(version, str):
                continue
            contents = known.contents(name, version)
            if contents is None:
                if name.startswith(_SHIM) and not serious:
                    yield _unknown(name, version)
                continue
            found = [
                advisory
                for advisory in known.concerning(contents, arch)
                if (advisory.severity in SERIOUS) == serious
            ]
            accepted, expired = _accepted(config, name, version, today())
            left = [each for each in found if not each.names() & accepted]
            if left:
                yield _violation(f"{name} {version}", contents, left, known, expired)

    return rule


def _violation(
    artifact: str,
    contents: Contents,
    found: Sequence[Advisory],
    table: Table,
    expired: Mapping[str, date],
) -> Violation:
    lines = [
        f"    {each.id} ({each.severity}, {each.part} {contents.parts[each.part]}): {each.title}; "
        f"fixed in {', '.join(each.fixed)}; {each.source}"
        for each in found
    ]
    over = [
        f"    {name} was accepted until {last}"
        for name, last in expired.items()
        if any(name in each.names() for each in found)
    ]
    count = f"{len(found)} known advisor{'y' if len(found) == 1 else 'ies'}"
    return Violation(
        artifact,
        "\n".join([f"has {count} (looked up on {table.checked}):", *lines, *over]),
        "lock and use a version whose engine is fixed (docs/how-to/lock-an-artifact.md), or "
        "accept them with a reason and a last day (docs/how-to/policies.md)",
    )


def _unknown(name: str, version: str) -> Violation:
    return Violation(
        f"{name} {version}",
        "is not in the table of shims, so nobody has compared its engine with known advisories",
        "look up which engine it has inside, and add it to policies/advisories/table.json",
    )


def _accepted(
    config: Config, name: str, version: str, today: date
) -> tuple[frozenset[str], dict[str, date]]:
    """Names of advisories that are accepted today, and those whose time is over."""
    accepted: set[str] = set()
    expired: dict[str, date] = {}
    for entry in items(config["accepted"]):
        given: Mapping[str, Any] = mapping(entry)
        if (given.get("artifact"), given.get("version")) != (name, version):
            continue
        last = date.fromisoformat(given["until"])
        if today <= last:
            accepted.update(items(given["advisories"]))
        else:
            expired.update(dict.fromkeys(items(given["advisories"]), last))
    return frozenset(accepted), expired
