"""K3s's own containerd against Pulumi's mocks: who gets the runtime, and who proves it."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.program.test_cluster import AGENTS, PRODUCTION, SERVERS
from tests.program.test_stacks import Outcome, run, stack_file

OURS = ("containerd", "runc", "cniPlugins", "cni")


@cache
def embedded(*agents: str) -> Outcome:
    """The production stack, but for containerd; ``agents`` if not all are to be."""
    config = stack_file(PRODUCTION)
    config["shimyard:cluster"]["containerd"] = "embedded"
    if agents:
        config["shimyard:cluster"]["agents"] = list(agents)
    else:
        for field in OURS:
            config["shimyard:runtime"].pop(field, None)
    made = run(PRODUCTION, config)
    assert made.error == ""
    return made


def k3s(made: Outcome) -> dict[str, dict[str, Any]]:
    return {**made.of("shimyard-edge:node:K3sServer"), **made.of("shimyard-edge:node:K3sAgent")}


def test_no_machine_has_a_runtime_beside_k3s() -> None:
    made = embedded()
    assert made.of("shimyard-edge:node:ContainerRuntime") == {}
    assert sorted(k3s(made)) == sorted([*SERVERS, *AGENTS])
    for given in k3s(made).values():
        assert given["k3s"]["containerd"] == "embedded"
        assert [shim["name"] for shim in given["runtime"]["shims"]]
        assert not set(given["runtime"]) & set(OURS)


def test_what_k3s_has_proven_is_told_and_becomes_labels() -> None:
    made = embedded()
    for name in [*SERVERS, *AGENTS]:
        assert made.of("shimyard-edge:cluster:Node")[name]["handlers"]["runc"]["canary"] == "passed"
        told = made.exports["nodes"][name]
        assert told["handlers"]["runc"]["canary"] == "passed"
        assert (told["generation"], told["versions"]) == (2, {"k3s": "1"})
        assert told["address"]


def test_a_machine_outside_of_the_cluster_keeps_a_runtime_of_ours() -> None:
    made = embedded("hall-lyon-1")
    runtimes = made.of("shimyard-edge:node:ContainerRuntime")
    assert list(runtimes) == ["hall-lyon-2"]
    assert "containerd" in runtimes["hall-lyon-2"]["runtime"]
    assert "containerd" not in k3s(made)["hall-lyon-1"]["runtime"]
    assert made.exports["nodes"]["hall-lyon-2"]["generation"] == 1


def test_images_reach_servers_and_agents() -> None:
    config = stack_file(PRODUCTION)
    images = [{"name": "k3s-airgap-images"}]
    config["shimyard:cluster"]["images"] = images
    made = run(PRODUCTION, config)
    assert made.error == ""
    for given in k3s(made).values():
        assert given["k3s"]["images"] == images
        assert "runtime" not in given
