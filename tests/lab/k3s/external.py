"""A machine whose containerd is Shimyard's own, with the network that K3s sets up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from lab.builds.inventory import build_all, recipes
from lab.instance import Lab
from lab.nodes.node import Node
from shimyard.node.container_runtime import container_runtime
from shimyard.node.containerd_config import CNI_CONFIG, CONFIG_PATH
from shimyard.node.desired import File
from shimyard.node.places import CNI_BIN
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.runtimes import runtime_settings, stored
from tests.lab.k3s.cluster import DATA

SOCKET = "/run/containerd/containerd.sock"
PAUSE = "docker.io/rancher/mirrored-pause:3.6"
SHIM, SHIM_VERSION = "wasmtime", "1.0.1-lab.2"


def install_containerd(lab: Lab, node: Node, images: dict[str, Path]) -> None:
    """containerd, runc and the wasmtime shim by Shimyard's transaction; the images imported."""
    names = {"containerd", "runc", f"containerd-shim-{SHIM}"}
    built = build_all(wanted=[each for each in recipes() if each.name in names])
    daemon, runc = built.find("containerd"), built.find("runc")
    shim = built.find(f"containerd-shim-{SHIM}", SHIM_VERSION)
    settings = runtime_settings(
        daemon.version,
        shims=[{"name": SHIM, "version": SHIM_VERSION}],
        sandboxImage=PAUSE,
    )
    artifacts = [stored(each) for each in (daemon, runc, shim)]
    state = container_runtime(settings, artifacts, daemon.arch)
    # K3s' network is in folders of its own; the product has no setting for them yet.
    files = tuple(
        File.of(file.path, _with_k3s_network(file.read().decode()))
        if file.path == CONFIG_PATH
        else file
        for file in state.files
    )
    session = Session.open(_reach(lab, node), Path("/"))
    try:
        converge(session, replace(state, files=files))
    finally:
        session.close()
    for name, path in images.items():
        (node.root / "opt" / name).write_bytes(path.read_bytes())
        # The CRI unpacks an image at its first container, for the platform that it asks for.
        options = ["--local", "--all-platforms", "--no-unpack"]
        node.run(["ctr", "-n", "k8s.io", "images", "import", *options, f"/opt/{name}"])


def _with_k3s_network(text: str) -> str:
    replaced = text.replace(CNI_CONFIG, f"{DATA}/agent/etc/cni/net.d").replace(
        CNI_BIN, f"{DATA}/data/cni"
    )
    assert json.dumps(f"{DATA}/data/cni")[1:-1] in replaced
    return replaced


def _reach(lab: Lab, node: Node) -> NodeSettings:
    ssh = {
        "user": "edge",
        "identityFile": str(lab.state.user_key),
        "knownHostsFile": str(lab.state.known_hosts),
    }
    return NodeSettings.model_validate(
        {"name": node.name, "address": str(node.address), "ssh": ssh}
    )
