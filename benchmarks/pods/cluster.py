"""A lab cluster of one server and two agents, from the lab's own stack file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.contestants.stack import CHECKOUT, Stack
from benchmarks.errors import BenchmarkError
from benchmarks.place import lab_in
from benchmarks.pods.api import Api
from lab.commands import attempt
from lab.instance import Lab
from lab.settings import DEFAULT_SUBNET
from lab.supplies import build_supplies
from toolchain import Toolchain
from toolchain.progress import Progress

AGENTS: Final = ("edge-2", "edge-3")
NAMESPACE: Final = "density"
WASM: Final = "wasm"
ORDINARY: Final = "ordinary"
_PROGRAM: Final = Path(__file__).with_name("program.py")
_ROLE: Final = "edge.example.com/role"
_UP_SECONDS: Final = 600


@dataclass(frozen=True)
class Cluster:
    """The running cluster. ``versions``: of what its nodes run."""

    lab: Lab
    api: Api
    versions: dict[str, str]


@contextmanager
def cluster(pulumi: Toolchain, progress: Progress) -> Iterator[Cluster]:
    """Up with both apps and no pod of theirs, and gone at the end.

    The ordinary app's Deployment is the Wasm app's own, but for its image and runtime class: the
    same requests, probes, security and spread.
    """
    supplies = build_supplies(progress)
    with tempfile.TemporaryDirectory(prefix="shimyard-benchmark-", dir="/var/tmp") as name:
        folder = Path(name)
        with lab_in(folder, 1 + len(AGENTS)) as lab:
            supplies.serve(lab.settings)
            described = _sections(lab)
            stack = Stack(pulumi, folder / "stack", _PROGRAM)
            (stack.folder / "stack.json").write_text(json.dumps(described))
            _pulumi(stack, "up", "--yes", "--skip-preview")
            kubeconfig = _pulumi(stack, "stack", "output", "--show-secrets", "kubeconfig")
            api = Api(kubeconfig, folder)
            _add_ordinary(api)
            runtime = described["runtime"]
            versions = {
                "k3s stand-in": described["cluster"]["version"],
                "containerd": runtime["containerd"]["version"],
                "runc": runtime["runc"]["version"],
                "wasmtime shim": runtime["shims"][0]["version"],
            }
            yield Cluster(lab, api, versions)


def deployment(app: str) -> str:
    """Path of an app's Deployment."""
    return f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{app}"


def pods(app: str) -> str:
    """Path of an app's pods."""
    return f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=shimyard.dev%2Fapp%3D{app}"


def _sections(lab: Lab) -> dict[str, Any]:
    """The stack file's, moved to another lab, with the app that is measured."""
    text = (CHECKOUT / "stacks/Pulumi.lab.yaml").read_text()
    network = str(DEFAULT_SUBNET.network_address).removesuffix(".0")
    text = text.replace(f"{network}.", f"{lab.settings.subnet.network_address}"[:-1])
    text = text.replace(" .lab/", f" {lab.settings.folder}/")
    config = yaml.safe_load(text)["config"]
    found: dict[str, Any] = {key.removeprefix("shimyard:"): value for key, value in config.items()}
    found["runtime"]["shims"] = found["runtime"]["shims"][:1]
    for node in found["nodes"]:
        node["labels"] = {_ROLE: "agent" if node["name"] in AGENTS else "server"}
    found["namespaces"] = [{"name": NAMESPACE}]
    found["apps"] = [
        {
            "name": WASM,
            "namespace": NAMESPACE,
            "handler": "wasmtime",
            "artifact": "registry.lab/greeter:artifact",
            "replicas": 0,
            "nodeSelector": {_ROLE: "agent"},
            "service": {"type": "None"},
            # Nothing is asked while pods end.
            "preStopSleepSeconds": 0,
        }
    ]
    return found


def _add_ordinary(api: Api) -> None:
    found = api.get(deployment(WASM))
    text = json.dumps({"metadata": {"name": ORDINARY}, "spec": found["spec"]})
    made = json.loads(text.replace('"shimyard.dev/app": "wasm"', '"shimyard.dev/app": "ordinary"'))
    pod = made["spec"]["template"]["spec"]
    del pod["runtimeClassName"]
    (container,) = pod["containers"]
    container["image"] = "registry.lab/greeter:native"
    container.pop("command", None)
    body = {"apiVersion": "apps/v1", "kind": "Deployment", **made}
    api.create(deployment("").rstrip("/"), body)


def _pulumi(stack: Stack, *arguments: str) -> str:
    command = stack.command(*arguments)
    done = attempt(command.argv, seconds=_UP_SECONDS, env=command.environment)
    if done.returncode != 0:
        raise BenchmarkError(
            "the cluster can't be made", mend="see what Pulumi says", log=done.stdout + done.stderr
        )
    return done.stdout
