"""K3s with its own containerd as a resource: what a preview shows, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from shimyard.node.facts import Facts
from shimyard.node.facts.generations import CanaryResult, GenerationFacts
from shimyard.node.k3s_containerd import REGISTRIES_PATH, TEMPLATE_PATH
from shimyard.provider.k3s import K3sAgentResource
from shimyard.provider.messages import ApplyRequest
from shimyard.provider.nodes import Nodes
from shimyard.provider.values import UNKNOWN, Secret
from tests.unit.provider.clusters import machine, membership
from tests.unit.provider.engine import URN, KeptLog, changes, check, checked

VERSION = "1.36.3+k3s1"
SHIM = {"name": "wasmtime", "version": "1.0.0"}
LOGIN = {"url": "https://m", "username": "u", "password": Secret("hush-Secret1")}


def entry(name: str, version: str, file: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "arch": "amd64",
        "url": f"https://example.com/{name}-{version}",
        "sha256": hashlib.sha256(f"{name}{version}".encode()).hexdigest(),
        "size": 1000,
        "unpack": {"format": "raw", "files": {"": file}},
        "checksum_source": "the test's own",
        "signature": None,
    }


@pytest.fixture
def agents(nodes: Nodes, log: KeptLog, tmp_path: Path) -> K3sAgentResource:
    """Agents, with a lock in the project's folder."""
    shim = "containerd-shim-wasmtime"
    entries = [
        entry("k3s", VERSION, "k3s"),
        entry("site", "1.0.0", "site.tar.zst"),
        *(entry(shim, version, f"{shim}-v1") for version in ("1.0.0", "1.1.0")),
    ]
    built_in = json.loads(
        (Path(__file__).parents[3] / "shimyard/catalogue/artifacts.lock.json").read_text()
    )
    (tmp_path / "lock.json").write_text(json.dumps({**built_in, "artifacts": entries}))
    return K3sAgentResource(nodes, log)


def inputs(runtime: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Inputs of an agent with the containerd that K3s brings."""
    return {
        "node": machine("a"),
        "k3s": {"version": VERSION, "containerd": "embedded"},
        "runtime": runtime if runtime is not None else {"shims": [SHIM]},
        "token": Secret("K10ab::node:agent-Secret1"),
        "joins": "192.0.2.101",
        "membership": membership("s1"),
        "sources": {"lockFiles": ["lock.json"]},
        **changed,
    }


def test_a_preview_shows_the_template_and_all_artifacts(agents: K3sAgentResource) -> None:
    shown = checked(agents, inputs())
    assert set(shown["artifacts"]) == {"k3s", "containerd-shim-wasmtime"}
    assert "runtimes.wasmtime]" in shown["files"][TEMPLATE_PATH]
    assert REGISTRIES_PATH not in shown["files"]


def test_a_changed_handler_shows_its_lines_the_drain_and_the_restart(
    agents: K3sAgentResource, log: KeptLog
) -> None:
    old = checked(agents, inputs())
    new = checked(agents, inputs({"shims": [{**SHIM, "version": "1.1.0"}]}), old)
    found = changes(agents, old, new)
    assert found[f'files["{TEMPLATE_PATH}"]'] == "update"
    restart = f"restarts k3s-agent.service: {TEMPLATE_PATH}; running Wasm containers end"
    assert new["effects"] == ["drains a", restart]
    assert log.kept == ["a: drains a", f"a: {restart}"]
    # The lines of a text that do not differ are the same: a preview shows only the others.
    before, after = (each["files"][TEMPLATE_PATH].splitlines() for each in (old, new))
    assert [line for line in after if line not in before] == [
        line for line in after if line.startswith("runtime_path")
    ]


def test_any_restart_of_k3s_drains_the_node(agents: K3sAgentResource) -> None:
    old = checked(agents, inputs())
    k3s = {"version": VERSION, "containerd": "embedded", "agentConfig": {"debug": True}}
    new = checked(agents, inputs(k3s=k3s), old)
    assert new["effects"][0] == "drains a"


def test_images_alone_restart_nothing(agents: K3sAgentResource) -> None:
    old = checked(agents, inputs())
    images = [{"name": "site", "version": "1.0.0"}]
    new = checked(
        agents, inputs(k3s={"version": VERSION, "containerd": "embedded", "images": images}), old
    )
    assert new["artifacts"]["site"]["version"] == "1.0.0"
    assert new["effects"] == ["nothing restarts"]


def test_a_registrys_password_is_in_no_input_but_inside_a_secret(
    agents: K3sAgentResource, nodes: Nodes
) -> None:
    registries = [{"host": "ghcr.io", "mirrors": [LOGIN]}]
    shown = checked(agents, inputs({"shims": [SHIM], "registries": registries}))
    assert isinstance(shown["files"][REGISTRIES_PATH], Secret)
    assert "Secret1" not in repr(shown)
    assert "Secret1" not in nodes.redacted("pulling with hush-Secret1")


def test_a_password_that_is_not_known_yet_makes_the_files_unknown(
    agents: K3sAgentResource,
) -> None:
    mirror = {**LOGIN, "password": UNKNOWN}
    registries = [{"host": "ghcr.io", "mirrors": [mirror]}]
    shown = checked(agents, inputs({"shims": [SHIM], "registries": registries}))
    assert (shown["artifacts"], shown["files"]) == (UNKNOWN, UNKNOWN)
    state = agents.apply(ApplyRequest(URN, "", shown, preview=True)).state
    assert (state["handlers"], state["versions"]) == (UNKNOWN, UNKNOWN)


def test_the_same_inputs_again_are_no_change(agents: K3sAgentResource) -> None:
    old = checked(agents, inputs())
    new = checked(agents, inputs(), old)
    assert new == old
    assert changes(agents, old, new) == {}


def test_handlers_are_told_with_their_proof(agents: K3sAgentResource) -> None:
    shown = checked(agents, inputs())
    passed = {"wasmtime": CanaryResult("passed", 42, 1)}
    state = agents.outputs(shown, Facts(generations=GenerationFacts(canaries=passed)))
    assert state["handlers"] == {
        "runc": {"shim": "runc", "version": VERSION, "canary": "not run", "milliseconds": 0},
        "wasmtime": {
            "shim": "wasmtime",
            "version": "1.0.0",
            "canary": "passed",
            "milliseconds": 42,
        },
    }
    assert state["versions"] == {"k3s": VERSION, "containerd-shim-wasmtime": "1.0.0"}


@pytest.mark.parametrize(("was", "now"), [("external", "embedded"), ("embedded", "external")])
def test_the_other_containerd_is_refused_under_running_pods(
    agents: K3sAgentResource, was: str, now: str
) -> None:
    def of(containerd: str) -> dict[str, Any]:
        given = inputs(k3s={"version": VERSION, "containerd": containerd})
        if containerd == "external":
            del given["runtime"]
        return given

    old = checked(agents, of(was))
    ((field, reason),) = check(agents, of(now), old).failures
    assert field == "k3s.containerd"
    assert reason.startswith(f"goes from {was} to {now} under the node's pods; take the machine")


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"k3s": {"version": "1.31.5+k3s1", "containerd": "embedded"}}, "k3s.version", "takes no"),
        (
            {
                "runtime": {
                    "registries": [{"host": "a.io", "mirrors": [{**LOGIN, "capabilities": []}]}]
                }
            },
            "runtime.registries[0].mirrors[0].capabilities",
            "are pull and resolve",
        ),
        ({"k3s": {"version": VERSION}}, "runtime", "belongs to containerd: embedded"),
    ],
)
def test_what_can_not_work_is_refused_at_its_property(
    agents: K3sAgentResource, changed: dict[str, Any], field: str, reason: str
) -> None:
    ((told, sentence),) = check(agents, inputs(**changed)).failures
    assert told == field
    assert reason in sentence
