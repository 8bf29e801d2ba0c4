"""Facts in, operations out: one case file for each thing that can be found on a machine.

A case: ``settings`` (changes of the small runtime that is wanted), ``was`` (those of the one that
the machine has; null: none), ``drift`` (changes to its facts), then what is expected.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.node.desired import (
    Canary,
    Data,
    DesiredState,
    File,
    Link,
    Registration,
    StoredArtifact,
    Unit,
)
from shimyard.node.facts import Facts, Guest, GuestFacts, ManagedFacts, Seen, ServiceFacts
from shimyard.node.facts.services import Service
from shimyard.node.operations import EmptyRuntime, RemoveData, RemoveFolder
from shimyard.node.plan import ConflictError
from shimyard.node.planning import plan
from shimyard.node.removal import removal
from tests.unit.node.states import runtime

CASES = sorted(Path(__file__).parent.joinpath("cases").glob("*.json"))


def facts_of(case: dict[str, Any]) -> Facts:
    if case["was"] is None:
        return Facts()
    facts = Facts.converged(runtime(**case["was"]))
    seen = dict(facts.managed.seen)
    drift = case.get("drift", {})
    for path, change in drift.get("seen", {}).items():
        fields: dict[str, Any] = {
            key: frozenset(value) if isinstance(value, list) else value
            for key, value in change.items()
        }
        seen[path] = replace(seen[path], **fields)
    managed = replace(
        facts.managed,
        seen=seen,
        broken={digest: tuple(files) for digest, files in drift.get("broken", {}).items()},
        stored=facts.managed.stored - frozenset(drift.get("lost", [])),
    )
    services = facts.services
    if "unit" in drift:
        services = ServiceFacts({"containerd.service": Service(**drift["unit"])})
    found = drift.get("guests", {})
    guests = GuestFacts(
        tuple(Guest(*each) for each in found.get("held", [])),
        tuple(Guest(*each) for each in found.get("lost", [])),
    )
    return replace(facts, managed=managed, services=services, guests=guests)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_machine_gets_just_what_it_needs(path: Path) -> None:
    case = json.loads(path.read_text())
    made = plan(runtime(**case["settings"]), facts_of(case))
    assert [operation.line().split("\t")[:2] for operation in made.operations] == case["operations"]
    assert list(made.reasons) == case["reasons"]
    assert list(made.effects) == case["effects"]
    assert [f"{artifact.name} {artifact.version}" for artifact in made.fetch] == case["fetch"]


def test_each_line_of_a_first_plan_can_be_written() -> None:
    for operation in plan(runtime(), Facts()).operations:
        assert "\n" not in operation.line()


def test_two_resources_do_not_fight_for_a_path() -> None:
    mine = DesiredState("mine", files=(File.of("/etc/x", "1"),))
    theirs = DesiredState("theirs", files=(File.of("/etc/x", "2"),))
    with pytest.raises(ConflictError, match="/etc/x belongs to the resource mine"):
        plan(theirs, Facts.converged(mine))


def test_a_folder_is_not_removed_while_somebody_wants_it() -> None:
    mine = DesiredState("mine", files=(File.of("/opt/a/x", "1"),), folders=("/opt/keep",))
    theirs = DesiredState("theirs", folders=("/opt/shared",))
    facts = Facts.converged(mine)
    made = (("dir", "/opt/a"), ("dir", "/opt/keep"), ("dir", "/opt/shared"))
    manifests = {**facts.managed.manifests, "theirs": theirs.manifest()}
    facts = replace(facts, managed=replace(facts.managed, manifests=manifests, made=made))
    fewer = plan(replace(mine, files=()), facts)
    assert [op for op in fewer.operations if isinstance(op, RemoveFolder)] == [
        RemoveFolder("/opt/a")
    ]
    gone = removal("mine", facts)
    assert [op.path for op in gone.operations if isinstance(op, RemoveFolder)] == [
        "/opt/keep",
        "/opt/a",
    ]


def test_a_service_that_is_no_longer_wanted_ends_before_its_files_go() -> None:
    unit = File.of("/etc/systemd/system/a.service", "x")
    old = DesiredState("mine", files=(unit,), unit=Unit("a.service", frozenset({unit.path})))
    made = plan(DesiredState("mine"), Facts.converged(old))
    assert [op.words()[0] for op in made.operations] == [
        "expect", "stop", "disable", "remove", "release"
    ]  # fmt: skip
    assert "a.service is no longer wanted" in made.reasons
    assert made.effects == ("stops a.service",)


def test_a_folder_that_is_gone_is_made_again() -> None:
    wanted = DesiredState("mine", folders=("/opt/keep",))
    facts = Facts.converged(wanted)
    facts = replace(facts, managed=replace(facts.managed, seen={"/opt/keep": Seen("absent")}))
    made = plan(wanted, facts)
    assert made.reasons == ("/opt/keep is absent, should be a folder",)
    assert [op.words()[0] for op in made.operations] == ["expect", "dir"]


def test_a_removal_ends_containers_and_keeps_data_that_was_there_before() -> None:
    facts = Facts.converged(runtime())
    kept = removal("container-runtime", facts)
    assert EmptyRuntime("containerd.service") in kept.operations
    assert not any(isinstance(op, RemoveData) for op in kept.operations)
    made = (("data", "/var/lib/containerd"), ("dir", "/etc/cni"), ("dir", "/etc/cni/net.d"))
    facts = replace(facts, managed=replace(facts.managed, made=made))
    gone = removal("container-runtime", facts)
    words = [op.words() for op in gone.operations]
    assert words[0] == ("expect", "container-runtime", "1")
    assert words[-3:] == [
        ("rmdata", "/var/lib/containerd"),
        ("rmdir", "/etc/cni/net.d"),
        ("rmdir", "/etc/cni"),
    ]
    assert "deletes /var/lib/containerd" in gone.effects
    assert "stops containerd.service" in gone.effects
    assert "ends all containers of containerd" in gone.effects
    # The links go while the unit can still be named, the state comes back after the files.
    names = [word[0] for word in words]
    assert names.index("disable") < names.index("remove") < names.index("release")


def test_a_resource_without_a_service_or_with_another_one_gives_the_old_kubelet_back() -> None:
    old = DesiredState("mine", unit=Unit("k.service", frozenset(), is_kubelet=True))
    made = plan(DesiredState("mine"), Facts.converged(old))
    assert [op.words()[0] for op in made.operations] == ["expect", "stop", "disable", "release"]


def test_what_is_not_there_needs_no_removal() -> None:
    assert removal("container-runtime", Facts()).operations == ()


paths = st.text(min_size=1, max_size=8).map(lambda text: f"/{text}")
names = st.text("abc-", min_size=1, max_size=5)
digests = st.text("0123456789abcdef", min_size=4, max_size=4)


@st.composite
def desired_states(draw: st.DrawFn) -> DesiredState:
    places = draw(st.lists(paths, unique=True, max_size=6))
    cut = draw(st.integers(0, len(places)))
    stored = [
        StoredArtifact(name, "1", digest, None, "raw", (("", name),))
        for name, digest in draw(st.dictionaries(names, digests, max_size=3)).items()
    ]
    handlers = draw(st.lists(names, unique=True, max_size=3))
    return DesiredState(
        resource=draw(names),
        artifacts=tuple(stored),
        files=tuple(File.of(path, draw(st.text(max_size=4))) for path in places[:cut]),
        links=tuple(Link(path, draw(paths)) for path in places[cut:]),
        folders=tuple(draw(st.lists(names.map("/f/{}".format), max_size=2))),
        data=tuple(Data(path) for path in draw(st.lists(names.map("/d/{}".format), max_size=2))),
        unit=draw(
            st.none()
            | st.just(Unit("a.service", frozenset(places)))
            | st.just(Unit("k.service", frozenset(places), is_kubelet=True, seconds=9))
        ),
        canaries=tuple(
            Canary(name, "r", "i", "p", b"", depends_on=frozenset(places)) for name in handlers
        ),
        registration=draw(st.none() | st.just(Registration("a", "k.service", "/kubeconfig", 9))),
    )


@given(desired_states())
def test_what_has_converged_has_nothing_to_do(desired: DesiredState) -> None:
    made = plan(desired, Facts.converged(desired))
    assert (made.operations, made.reasons, made.fetch) == ((), (), ())


@given(desired_states(), desired_states())
def test_every_change_has_a_reason_and_every_reason_a_change(
    old: DesiredState, new: DesiredState
) -> None:
    new = replace(new, resource=old.resource)
    made = plan(new, Facts.converged(old))
    assert bool(made.operations) == bool(made.reasons)
    fresh = plan(new, replace(Facts(), managed=ManagedFacts()))
    assert fresh.operations
    assert "not on the node yet" in fresh.reasons
