"""A machine whose containerd is Shimyard's own, with the network that K3s sets up."""

from __future__ import annotations

from pathlib import Path

from lab.builds.inventory import build_all, recipes
from lab.instance import Lab
from lab.nodes.node import Node
from shimyard.node.container_runtime import container_runtime
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from shimyard.settings.stack import K3S_CNI_BIN, K3S_CNI_CONFIG
from tests.engine.node.runtimes import runtime_settings, stored

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
        cni={"confDir": K3S_CNI_CONFIG, "binDirs": [K3S_CNI_BIN]},
    )
    artifacts = [stored(each) for each in (daemon, runc, shim)]
    state = container_runtime(settings, artifacts, daemon.arch)
    session = Session.open(_reach(lab, node), Path("/"))
    try:
        converge(session, state)
    finally:
        session.close()
    for name, path in images.items():
        (node.root / "opt" / name).write_bytes(path.read_bytes())
        # The CRI unpacks an image at its first container, for the machine's own platform only.
        wasm = name.startswith("greeter")
        options = ["--platform", "wasi/wasm"] if wasm else ["--all-platforms", "--no-unpack"]
        node.run(["ctr", "-n", "k8s.io", "images", "import", "--local", *options, f"/opt/{name}"])


def _reach(lab: Lab, node: Node) -> NodeSettings:
    ssh = {
        "user": "edge",
        "identityFile": str(lab.state.user_key),
        "knownHostsFile": str(lab.state.known_hosts),
    }
    return NodeSettings.model_validate(
        {"name": node.name, "address": str(node.address), "ssh": ssh}
    )
