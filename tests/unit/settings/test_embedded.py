"""K3s's own containerd in a stack file: what it takes, and what is refused with its mend."""

from __future__ import annotations

from typing import Any

import pytest

from shimyard.settings import SettingsError, StackSettings, parse
from tests.unit.settings.stacks import WHERE
from tests.unit.settings.test_cluster import stack

MIRROR = {"url": "https://mirror.site:5000"}
LOGIN = {"username": "edge", "password": "hush"}


def raw(*, runtime: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """Five machines, all of them in a cluster with K3s's own containerd."""
    made = stack(**{"containerd": "embedded", **cluster})
    made["runtime"] = {"shims": [{"name": "wasmtime", "version": "1.0.0"}], **(runtime or {})}
    return made


def accepted(**changes: Any) -> StackSettings:
    return parse(raw(**changes), where=WHERE)


def refusal(**changes: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        accepted(**changes)
    return str(caught.value)


def test_no_machine_has_a_containerd_of_ours() -> None:
    settings = accepted()
    assert all(settings.embeds(node.name) for node in settings.nodes)
    assert settings.runtime_of("edge-1").containerd is None
    assert not parse(stack(), where=WHERE).embeds("edge-1")


def test_a_machine_outside_of_the_cluster_keeps_ours() -> None:
    ours = {"containerd": {"version": "2.2.1"}, "runc": {"version": "1.3.4"}}
    ours["cniPlugins"] = {"version": "1.9.0"}
    settings = accepted(agents=["edge-2"], runtime=ours)
    inside, outside = settings.runtime_of("edge-2"), settings.runtime_of("edge-5")
    assert settings.embeds("edge-2")
    assert not settings.embeds("edge-5")
    assert (inside.containerd, inside.runc, inside.cni_plugins) == (None, None, None)
    assert outside.own[0].version == "2.2.1"


def registry(*mirrors: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"host": "ghcr.io", "mirrors": list(mirrors) or [MIRROR], **fields}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"runtime": {"containerd": {"version": "2.2.1"}}},
        "runtime.containerd: is used by no machine: with cluster.containerd: embedded, K3s brings "
        "its own; remove it, or set cluster.containerd: external",
    ),
    ({"runtime": {"runc": {"version": "1.3.4"}}}, "runtime.runc: is used by no machine"),
    ({"runtime": {"cniPlugins": {"version": "1.9.0"}}}, "runtime.cniPlugins: is used by no"),
    ({"runtime": {"cni": {"confDir": "/etc/cni/x"}}}, "runtime.cni: is used by no machine"),
    ({"agents": ["edge-2"]}, "runtime.containerd: is missing; add it"),
    (
        {"agents": ["edge-2"], "runtime": {"containerd": {"version": "2.2.1"}}},
        "runtime.runc: is missing; add it",
    ),
    (
        {"version": "1.31.5+k3s1"},
        "cluster.version: is 1.31.5+k3s1, whose own containerd takes no template of version 3; use "
        "1.31.6, 1.32.2 or newer, or cluster.containerd: external",
    ),
    ({"version": "1.32.1+k3s1"}, "cluster.version: is 1.32.1+k3s1"),
    (
        {"version": "1.32.2+k3s1", "agentVersion": "1.31.5+k3s1"},
        "cluster.agentVersion: is 1.31.5+k3s1",
    ),
    ({"containerd": "docker"}, "cluster.containerd: "),
    ({"serverConfig": {"pause-image": "x"}}, "cluster.serverConfig.pause-image: is written by"),
    ({"agentConfig": {"private-registry": "/x"}}, "cluster.agentConfig.private-registry: is"),
    (
        {"images": [{"name": "site"}, {"name": "site", "version": "2.0.0"}]},
        "cluster.images[1].name: 'site' stands twice; keep one entry",
    ),
    (
        {"runtime": {"registries": [registry({**MIRROR, "capabilities": ["pull"]})]}},
        "runtime.registries[0].mirrors[0].capabilities: are pull and resolve in K3s's "
        "registries.yaml; remove them, or set cluster.containerd: external",
    ),
    (
        {"runtime": {"registries": [registry(), registry({**MIRROR, **LOGIN}, host="quay.io")]}},
        "runtime.registries[1].mirrors[0]: reaches mirror.site:5000 with other credentials or "
        "another trust than registries[0].mirrors[0], and K3s's registries.yaml has one entry a "
        "host; give both the same, or set cluster.containerd: external",
    ),
    (
        {
            "runtime": {
                "registries": [registry(), registry(host="_default", upstream=True)],
            }
        },
        "runtime.registries[1].upstream: is true for '_default' only",
    ),
    (
        {
            "runtime": {
                "registries": [registry({**MIRROR, **LOGIN})],
                "shims": [
                    {"name": "spin", "version": "0.24.0", "canaryImage": "ghcr.io/spin/hello:1"}
                ],
            }
        },
        "runtime.shims[0].canaryImage: comes from a registry with a password",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), REFUSED, ids=[each[1][:60] for each in REFUSED])
def test_what_can_not_work_is_refused_at_its_field(changes: dict[str, Any], sentence: str) -> None:
    told = refusal(**changes)
    assert sentence in told
    assert "hush" not in told


@pytest.mark.parametrize("version", ["1.31.6+k3s1", "1.32.2+k3s1", "1.33.0+k3s1", "1.36.3+k3s1"])
def test_releases_that_take_a_template_are_accepted(version: str) -> None:
    assert accepted(version=version).embeds("edge-1")


def test_a_mirror_of_several_registries_with_the_same_login_is_accepted() -> None:
    both = [registry({**MIRROR, **LOGIN}), registry({**MIRROR, **LOGIN}, host="quay.io")]
    accepted(runtime={"registries": both})


def test_with_a_containerd_of_ours_registries_say_what_they_like() -> None:
    made = stack()
    push = {**MIRROR, "capabilities": ["pull", "resolve", "push"]}
    made["runtime"]["registries"] = [registry(push), registry({**MIRROR, **LOGIN}, host="a.io")]
    parse(made, where=WHERE)
