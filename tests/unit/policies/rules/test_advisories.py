"""Engines with known advisories are refused, with what is known of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from policies.advisories import Table
from policies.advisories.table import Advisory, Contents, Engine
from policies.advisories.versions import Range
from policies.rules.advisories import engine_advisories
from policies.subject import Violation
from policies.values import UNKNOWN
from tests.unit.policies.subjects import runtime, subject


def advisory(name: str, severity: Any, **only: str) -> Advisory:
    return Advisory(
        id=name,
        aliases=(f"CVE-of-{name}",),
        part="engine",
        date=date(2026, 4, 9),
        severity=severity,
        title=f"what {name} is about",
        affected=(Range.parse("<36.0.7"), Range.parse(">=37.0.0 <42.0.2")),
        only=only,
        source=f"https://example.com/{name}",
    )


TABLE = Table(
    checked=date(2026, 11, 26),
    shims={
        ("containerd-shim-a", "1.0.0"): Contents({"engine": "36.0.6"}, {"compiler": "fast"}, "x"),
        ("containerd-shim-a", "1.0.1"): Contents({"engine": "36.0.7"}, {}, "x"),
    },
    engines={"engine": Engine(("engine",), {}, "x")},
    advisories=[
        advisory("BAD-1", "critical"),
        advisory("BAD-2", "high", arch="arm64"),
        advisory("BAD-3", "high", compiler="slow"),
        advisory("MILD-1", "medium"),
        advisory("MILD-2", "unrated"),
    ],
)


def found(
    artifact: str,
    version: Any,
    *,
    serious: bool = True,
    arch: str = "amd64",
    accepted: list[Any] | None = None,
    today: date = date(2026, 12, 1),
) -> list[Violation]:
    rule = engine_advisories(serious=serious, table=lambda: TABLE, today=lambda: today)
    made = runtime({artifact: {"version": version}}, arch=arch)
    return list(rule(made, {"accepted": accepted or []}))


def test_a_shim_whose_engine_is_known_to_be_unsafe_is_refused_with_its_facts() -> None:
    (one,) = found("containerd-shim-a", "1.0.0")
    assert one.where == "containerd-shim-a 1.0.0"
    assert "has 1 known advisory (looked up on 2026-11-26)" in one.reason
    assert "BAD-1 (critical, engine 36.0.6): what BAD-1 is about" in one.reason
    assert "fixed in 36.0.7, 42.0.2; https://example.com/BAD-1" in one.reason
    assert "docs/how-to/policies.md" in one.mend


def test_a_shim_beside_the_containerd_of_k3s_counts_as_well() -> None:
    inputs = {"artifacts": {"containerd-shim-a": {"version": "1.0.0"}}}
    rule = engine_advisories(serious=True, table=lambda: TABLE)
    (one,) = rule(subject("shimyard-edge:node:K3sServer", inputs), {"accepted": []})
    assert "BAD-1" in one.reason


def test_what_concerns_another_architecture_or_another_build_is_not_counted() -> None:
    (one,) = found("containerd-shim-a", "1.0.0", arch="arm64")
    assert "BAD-2" in one.reason
    assert "BAD-3" not in one.reason


def test_an_engine_by_itself_counts_and_what_nobody_knows_of_its_build_is_assumed() -> None:
    (one,) = found("engine", "41.0.0")
    assert "BAD-1" in one.reason
    assert "BAD-3" in one.reason


def test_lesser_and_unrated_advisories_are_another_policys() -> None:
    (one,) = found("containerd-shim-a", "1.0.0", serious=False)
    assert "MILD-1" in one.reason
    assert "MILD-2" in one.reason
    assert "BAD" not in one.reason


def test_a_fixed_engine_passes() -> None:
    for serious in (True, False):
        assert not found("containerd-shim-a", "1.0.1", serious=serious)
        assert not found("engine", "42.0.2", serious=serious)


def test_a_shim_that_the_table_does_not_know_is_said_once() -> None:
    (one,) = found("containerd-shim-a", "7.0.0", serious=False)
    assert "is not in the table" in one.reason
    assert "policies/advisories/table.json" in one.mend
    assert not found("containerd-shim-a", "7.0.0", serious=True)
    assert not found("runc", "7.0.0", serious=False)


def accepting(*names: str, until: str = "2026-12-01", version: str = "1.0.0") -> list[Any]:
    return [
        {
            "artifact": "containerd-shim-a",
            "version": version,
            "advisories": list(names),
            "reason": "only our own modules run there",
            "until": until,
        }
    ]


def test_an_advisory_can_be_accepted_by_any_of_its_names_until_a_day() -> None:
    for name in ("BAD-1", "CVE-of-BAD-1"):
        assert not found("containerd-shim-a", "1.0.0", accepted=accepting(name))
    assert found("containerd-shim-a", "1.0.0", accepted=accepting("BAD-9"))
    assert found("containerd-shim-a", "1.0.0", accepted=accepting("BAD-1", version="0.9.0"))


def test_after_that_day_it_is_refused_again_and_says_why() -> None:
    (one,) = found(
        "containerd-shim-a", "1.0.0", accepted=accepting("BAD-1"), today=date(2026, 12, 2)
    )
    assert "BAD-1 was accepted until 2026-12-01" in one.reason


def test_what_is_not_known_yet_is_not_judged() -> None:
    assert not found("containerd-shim-a", UNKNOWN)
    rule = engine_advisories(serious=True, table=lambda: TABLE)
    assert not list(
        rule(subject("shimyard-edge:node:NodeFiles", {"artifacts": {}}), {"accepted": []})
    )
