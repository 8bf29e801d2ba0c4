"""K3s with its own containerd: what it consists of, what restarts it, what proves a handler."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from shimyard.node.desired import Canary, DesiredState
from shimyard.node.facts import Facts, Guest, GuestFacts
from shimyard.node.facts.generations import CanaryResult
from shimyard.node.k3s import k3s, secret_paths
from shimyard.node.k3s_containerd import REGISTRIES_PATH, TEMPLATE_PATH
from shimyard.node.k3s_images import ImagesError
from shimyard.node.operations import (
    AwaitNode,
    EmptyRuntime,
    ImportImages,
    KeepCanary,
    LeavePods,
    Operation,
    RestartUnit,
    RunCanary,
)
from shimyard.node.plan import Plan
from shimyard.node.planning import plan
from shimyard.node.removal import removal
from shimyard.settings import RuntimeSettings
from tests.unit.node.k3s_states import AGENT, agent, artifacts, embedded, node, server, settings

STORE = "/var/lib/shimyard/store"
SHIM = f"{STORE}/containerd-shim-wasmtime-1.0.0/containerd-shim-wasmtime-v1"
IMAGES = [{"name": "k3s-airgap-images"}, {"name": "site", "version": "2.0.0"}]
ARCHIVES = [
    f"{STORE}/k3s-airgap-images-1.36.3+k3s1/k3s-airgap-images.tar",
    f"{STORE}/site-2.0.0/site.tar",
]


def own(runtime: RuntimeSettings | None = None, **changes: Any) -> DesiredState:
    """An agent with the containerd that K3s brings."""
    return agent(containerd="embedded", runtime=runtime or embedded(), **changes)


def from_to(was: DesiredState, wanted: DesiredState) -> Plan:
    return plan(wanted, Facts.converged(was))


def of_kind(steps: Plan, *kinds: type[Operation]) -> list[Operation]:
    return [each for each in steps.operations if isinstance(each, kinds)]


def config(state: DesiredState) -> str:
    return next(f.read().decode() for f in state.files if f.path.endswith("/config.yaml"))


def test_shims_are_in_the_store_and_not_on_k3s_path() -> None:
    state = own()
    assert {link.path for link in state.links} == {"/usr/local/bin/k3s"}
    assert ("store", "containerd-shim-wasmtime-1.0.0") in state.manifest()


def test_libraries_of_a_shim_are_where_the_loader_and_the_unit_look() -> None:
    shim = embedded(shims=[{"name": "wasmedge", "version": "1.0.0"}])
    chosen = settings(containerd="embedded")
    found = artifacts(chosen, shim)
    library = dataclasses.replace(
        found[1], members=(*found[1].members, ("lib/libwasmedge.so.0", "libwasmedge.so.0"))
    )
    state = k3s(chosen, node(), "agent", AGENT, [found[0], library], ready_seconds=1, runtime=shim)
    assert {link.path for link in state.links} == {
        "/usr/local/bin/k3s",
        "/usr/local/lib/libwasmedge.so.0",
    }
    unit = next(f.read().decode() for f in state.files if f.path.endswith(".service"))
    assert "Environment=LD_LIBRARY_PATH=/usr/local/lib\n" in unit
    assert "containerd.service" not in unit


def test_k3s_is_told_no_endpoint_but_the_pause_image_and_whom_it_must_not_ask() -> None:
    registry = {"host": "registry.lab", "mirrors": [{"url": "http://10.0.0.1:5000"}]}
    told = config(own(embedded(sandboxImage="registry.lab/pause:1", registries=[registry])))
    assert "container-runtime-endpoint" not in told
    assert 'pause-image": "registry.lab/pause:1"' in told
    assert '"disable-default-registry-endpoint": true' in told
    open_ones = config(own(embedded(registries=[{**registry, "upstream": True}])))
    assert "disable-default-registry-endpoint" not in open_ones
    assert "pause-image" not in open_ones


def test_registries_are_for_root_alone_and_secret_if_they_hold_a_password() -> None:
    mirror = {"url": "https://m", "username": "u", "password": "hush"}
    runtime = embedded(registries=[{"host": "ghcr.io", "mirrors": [mirror]}])
    state = own(runtime)
    (file,) = [each for each in state.files if each.path == REGISTRIES_PATH]
    assert file.mode == "0600"
    assert b"hush" in file.read()
    assert "hush" not in repr(state)
    assert REGISTRIES_PATH in secret_paths(runtime)
    assert REGISTRIES_PATH not in secret_paths(embedded())
    assert REGISTRIES_PATH not in {each.path for each in own().files}


def test_the_record_says_whose_containerd_it_is() -> None:
    assert ("unit", "k3s-agent.service", "kubelet", "containerd") in own().manifest()


def test_handlers_are_proven_after_the_node_is_ready() -> None:
    steps = plan(own(), Facts())
    kinds = [type(each) for each in steps.operations]
    assert kinds[-4:] == [RestartUnit, AwaitNode, RunCanary, RunCanary]
    canaries = [each for each in steps.operations if isinstance(each, RunCanary)]
    assert [(each.handler, each.runtime) for each in canaries] == [
        ("runc", "io.containerd.runc.v2"),
        ("wasmtime", SHIM),
    ]


def test_the_same_again_is_nothing() -> None:
    state = own(images=IMAGES)
    assert from_to(state, state) == Plan()


@pytest.mark.parametrize(
    "changed",
    [
        {"shims": [{"name": "wasmtime", "version": "1.1.0"}]},
        {"shims": [{"name": "wasmtime", "version": "1.0.0", "options": {"x": 1}}]},
        {"shims": []},
    ],
    ids=["version", "options", "none"],
)
def test_a_changed_handler_changes_the_template_and_restarts_k3s_without_wasm_containers(
    changed: dict[str, Any],
) -> None:
    steps = from_to(own(), own(embedded(**changed)))
    (restart,) = of_kind(steps, RestartUnit)
    assert isinstance(restart, RestartUnit)
    assert (restart.because, restart.runs_containers, restart.starts) == (
        (TEMPLATE_PATH,),
        True,
        False,
    )
    assert steps.effects == (
        f"restarts k3s-agent.service: {TEMPLATE_PATH}; running Wasm containers end",
    )
    assert of_kind(steps, KeepCanary) == []
    assert TEMPLATE_PATH in steps.changed


def test_a_shim_that_somebody_has_changed_is_brought_again_and_proven_without_a_restart() -> None:
    state = own()
    facts = Facts.converged(state)
    broken = {"containerd-shim-wasmtime-1.0.0": ("containerd-shim-wasmtime-v1",)}
    facts = dataclasses.replace(facts, managed=dataclasses.replace(facts.managed, broken=broken))
    steps = plan(state, facts)
    assert of_kind(steps, RestartUnit) == []
    assert [each.words()[:2] for each in of_kind(steps, RunCanary, KeepCanary)] == [
        ("keep-canary", "runc"),
        ("canary", "wasmtime"),
    ]


def test_a_canary_that_has_failed_runs_again() -> None:
    state = own()
    facts = Facts.converged(state)
    failed = {**facts.generations.canaries, "wasmtime": CanaryResult("failed", 1, 1)}
    generations = dataclasses.replace(facts.generations, canaries=failed)
    other = own(disable=["traefik"], agentConfig={"debug": True})
    steps = plan(other, dataclasses.replace(facts, generations=generations))
    assert len(of_kind(steps, RunCanary)) == 2


def test_orphans_of_k3s_containerd_are_ended_by_its_own_resource() -> None:

    state = own()
    lost = GuestFacts(lost=(Guest(7, "k8s.io", "abc"),))
    steps = plan(state, dataclasses.replace(Facts.converged(state), guests=lost))
    assert steps.effects == ("ends orphaned Wasm processes: 7",)


def test_k3s_on_a_containerd_of_ours_leaves_its_orphans_to_the_runtime() -> None:

    lost = GuestFacts(lost=(Guest(7, "k8s.io", "abc"),))
    facts = dataclasses.replace(Facts.converged(agent()), guests=lost)
    assert plan(agent(), facts) == Plan()


def test_the_removal_leaves_pods_and_empties_no_containerd_of_ours() -> None:
    steps = removal("k3s-agent", Facts.converged(own()))
    assert len(of_kind(steps, LeavePods)) == 1
    assert of_kind(steps, EmptyRuntime) == []


# --- images ---------------------------------------------------------------------------------------


def test_images_are_imported_before_k3s_starts_on_a_containerd_of_ours() -> None:
    state = server(images=IMAGES)
    assert {link.path for link in state.links} == {"/usr/local/bin/k3s"}
    steps = plan(state, Facts())
    assert [each.words()[1] for each in of_kind(steps, ImportImages)] == ARCHIVES
    kinds = [type(each) for each in steps.operations]
    assert kinds.index(ImportImages) < kinds.index(RestartUnit)


def test_k3s_finds_images_in_its_folder_and_they_are_imported_once_it_runs() -> None:
    state = own(images=IMAGES)
    folder = "/var/lib/rancher/k3s/agent/images"
    assert {link.path: link.target for link in state.links if folder in link.path} == {
        f"{folder}/k3s-airgap-images.tar": ARCHIVES[0],
        f"{folder}/site.tar": ARCHIVES[1],
    }
    kinds = [type(each) for each in plan(state, Facts()).operations]
    assert kinds.index(AwaitNode) < kinds.index(ImportImages) < kinds.index(RunCanary)


@pytest.mark.parametrize("containerd", ["external", "embedded"])
def test_a_new_archive_is_imported_under_running_pods(containerd: str) -> None:
    runtime = embedded() if containerd == "embedded" else None
    was = agent(containerd=containerd, runtime=runtime, images=IMAGES[:1])
    steps = from_to(was, agent(containerd=containerd, runtime=runtime, images=IMAGES))
    assert [each.words()[1] for each in of_kind(steps, ImportImages)] == ARCHIVES[1:]
    assert of_kind(steps, RestartUnit) == []
    assert steps.effects == ()


def test_another_version_of_k3s_brings_its_own_images() -> None:
    newer = server(images=IMAGES, version="1.36.4+k3s1")
    steps = from_to(server(images=IMAGES), newer)
    (imported,) = of_kind(steps, ImportImages)
    assert "k3s-airgap-images-1.36.4+k3s1" in imported.words()[1]


def test_an_artifact_that_is_no_archive_of_images_is_refused() -> None:
    chosen = settings(images=IMAGES[1:])
    found = artifacts(chosen, None)
    packed = dataclasses.replace(found[1], format="tar.gz", members=(("a", "site.tar"),))
    with pytest.raises(ImagesError, match=r"installs 'site\.tar', which is no archive of images"):
        k3s(chosen, node(), "agent", AGENT, [found[0], packed], ready_seconds=1)


def test_a_canary_depends_on_the_programs_of_its_handler() -> None:
    canaries: tuple[Canary, ...] = own().canaries
    assert {each.handler: each.depends_on for each in canaries} == {
        "runc": frozenset({"/usr/local/bin/k3s"}),
        "wasmtime": frozenset({SHIM}),
    }
