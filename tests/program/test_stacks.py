"""The real program with the stack files that come with Shimyard, against Pulumi's mocks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shimyard.settings import NodeSettings, RuntimeSettings
from shimyard.settings.runtime import CniSettings

CHECKOUT = Path(__file__).resolve().parents[2]
NODES = {
    "lab": ["edge-1", "edge-2", "edge-3"],
    "dev": ["bench-1"],
    "edge-production": [
        *("mast-berlin-1", "mast-berlin-2", "mast-berlin-3", "hall-lyon-1", "hall-lyon-2")
    ],
}


@dataclass(frozen=True)
class Outcome:
    """What the program has registered, or how it has ended."""

    resources: list[dict[str, Any]]
    exports: dict[str, Any]
    error: str

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Name -> inputs of the resources of this type."""
        return {each["name"]: each["inputs"] for each in self.resources if each["type"] == kind}


def stack_file(stack: str) -> dict[str, Any]:
    """Key -> value of the stack's configuration."""
    document = yaml.safe_load((CHECKOUT / "stacks" / f"Pulumi.{stack}.yaml").read_text())
    config: dict[str, Any] = document["config"]
    return config


def run(stack: str, config: dict[str, Any]) -> Outcome:
    """Run the program with this configuration."""
    # The engine hands structures over as JSON texts.
    flat = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
    result = subprocess.run(
        [sys.executable, "-m", "tests.program.mocked", stack, json.dumps(flat)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        return Outcome([], {}, result.stderr)
    return Outcome(**json.loads(result.stdout), error=result.stderr)


@cache
def outcome(stack: str) -> Outcome:
    """The program's outcome with the stack's own file."""
    return run(stack, stack_file(stack))


@pytest.mark.parametrize("stack", NODES)
def test_each_node_of_a_stack_file_gets_its_runtime_and_is_exported(stack: str) -> None:
    made = outcome(stack)
    assert made.error == ""
    assert list(made.of("shimyard:index:Fleet")) == [stack]
    assert sorted(made.of("shimyard:index:EdgeNode")) == sorted(NODES[stack])
    runtimes = made.of("shimyard-edge:node:ContainerRuntime")
    assert sorted(runtimes) == sorted(NODES[stack])
    exported = made.exports["nodes"]
    assert sorted(exported) == sorted(NODES[stack])
    for name in NODES[stack]:
        assert exported[name]["address"] == runtimes[name]["node"]["address"]
        assert exported[name]["handlers"]["runc"]["canary"] == "passed"
        assert set(exported[name]) == {
            *("address", "arch", "generation", "handlers", "labels", "versions", "zone")
        }


@pytest.mark.parametrize("stack", NODES)
def test_the_runtime_reaches_the_provider_as_the_stack_file_says_it(stack: str) -> None:
    config = stack_file(stack)
    wanted = RuntimeSettings.model_validate(config["shimyard:runtime"])
    if "shimyard:cluster" in config:
        # Pods get their network from K3s there.
        k3s = "/var/lib/rancher/k3s"
        folders = CniSettings(
            conf_dir=f"{k3s}/agent/etc/cni/net.d", bin_dirs=["/var/lib/rancher/k3s/data/cni"]
        )
        wanted = wanted.model_copy(update={"cni": folders})
    for given in outcome(stack).of("shimyard-edge:node:ContainerRuntime").values():
        assert RuntimeSettings.model_validate(given["runtime"]) == wanted


def test_an_explicit_null_of_the_lab_is_still_one_for_the_provider() -> None:
    (first, *_) = outcome("lab").of("shimyard-edge:node:ContainerRuntime").values()
    assert first["runtime"]["containerd"]["oomScoreAdjust"] is None


def test_files_go_to_the_nodes_that_they_name() -> None:
    files = outcome("edge-production").of("shimyard-edge:node:NodeFiles")
    paths = {name: [file["path"] for file in given["files"]] for name, given in files.items()}
    calls = "/var/lib/kubelet/seccomp/shimyard/sensors.json"
    rules = "/etc/falco/rules.d/shimyard-wasm.yaml"
    assert paths["mast-berlin-1"] == ["/etc/edge/site-ca.pem", calls, rules]
    assert paths["hall-lyon-2"] == [
        "/etc/edge/site-ca.pem",
        "/var/lib/kubelet/seccomp/inference.json",
        calls,
        rules,
    ]
    assert all("nodes" not in file for given in files.values() for file in given["files"])


def test_the_defaults_of_ssh_reach_every_node_and_its_own_settings_win() -> None:
    runtimes = outcome("edge-production").of("shimyard-edge:node:ContainerRuntime")
    nodes = {n: NodeSettings.model_validate(given["node"]) for n, given in runtimes.items()}
    assert nodes["mast-berlin-1"].ssh.user == "edge"
    assert nodes["hall-lyon-2"].ssh.user == "root"
    assert nodes["hall-lyon-1"].arch == "arm64"
    assert {node.ssh.agent for node in nodes.values()} == {True}


def test_a_password_is_a_secret_of_pulumi() -> None:
    config = stack_file("dev")
    mirror = {"url": "https://192.0.2.1", "username": "puller", "password": "hush"}
    config["shimyard:runtime"]["registries"] = [{"host": "example.com", "mirrors": [mirror]}]
    (given,) = run("dev", config).of("shimyard-edge:node:ContainerRuntime").values()
    assert given["runtime"]["registries"][0]["mirrors"][0]["password"] == "[secret]"


def test_a_bad_stack_is_one_message_with_every_mistake_and_the_file_to_mend() -> None:
    config = stack_file("dev")
    config["shimyard:runtime"]["sandboxImag"] = "pause:1"
    config["shimyard:nodes"][0]["address"] = "a b"
    failed = run("dev", config)
    assert failed.error.startswith("stacks/Pulumi.dev.yaml can't be used:\n")
    assert "runtime.sandboxImag: there is no such field; did you mean 'sandboxImage'?" in (
        failed.error
    )
    assert "nodes[0].address: is neither a host name nor an IP address" in failed.error
    assert failed.error.rstrip().endswith("mend: correct stacks/Pulumi.dev.yaml")
    assert "Traceback" not in failed.error


def test_a_stack_without_settings_says_what_is_missing() -> None:
    failed = run("empty", {})
    assert "nodes: is missing" in failed.error
    assert "runtime: is missing" in failed.error
