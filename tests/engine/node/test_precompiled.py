"""What a node's shim compiles ahead of time is for its own engine; for another it is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.builds.inventory import build_all, recipes
from lab.deadline import wait_for
from lab.images.layout import export
from lab.images.packaging import wasm_layer_image
from lab.nodes.node import Node
from lab.workloads import build
from shimyard.node.container_runtime import container_runtime
from shimyard.node.node_files import FileSet
from shimyard.node.precompiled import misfit, read_precompiled
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import FileSettings, PrecompiledFor
from tests.engine.node.runtimes import runtime_settings, stored

pytestmark = pytest.mark.lab

IMAGE = "greeter.lab/greeter:layer"
SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"


def test_the_shims_own_program_fits_its_engine_and_no_other(
    edge: Node, session: Session, tmp_path: Path
) -> None:
    names = {"containerd", "runc", "containerd-shim-wasmtime"}
    built = build_all(wanted=[each for each in recipes() if each.name in names])
    daemon, shim = built.find("containerd"), built.find("containerd-shim-wasmtime")
    settings = runtime_settings(
        daemon.version, shims=[{"name": "wasmtime", "version": shim.version}]
    )
    artifacts = [stored(each) for each in (daemon, built.find("runc"), shim)]
    converge(session, container_runtime(settings, artifacts, "amd64"))

    program = compiled_on(edge, tmp_path)
    found = read_precompiled(program.read_bytes())
    engine = re.search(r"wasmtime-((\d+)\.\d+\.\d+)", edge.run([SHIM, "-v"]).stdout)
    assert engine is not None
    assert (found.kind, found.version) == ("component", engine[2])
    assert found.target.startswith("x86_64-")

    entry = FileSettings(path="/opt/app.cwasm", source=str(program))
    files = FileSet.of([entry], tmp_path).files
    assert misfit(files, PrecompiledFor(version=engine[1]), "amd64") is None
    for wanted, words in (
        (PrecompiledFor(version="27.0.0"), f"Wasmtime {engine[2]}"),
        (None, "set precompiledFor"),
    ):
        assert words in (misfit(files, wanted, "amd64") or "")
    assert "the node is arm64" in (misfit(files, PrecompiledFor(version=engine[1]), "arm64") or "")


def compiled_on(edge: Node, folder: Path) -> Path:
    """The greeter as the shim compiles it at its first start, out of containerd's content."""
    workload = next(each for each in build() if each.name == "greeter")
    image = wasm_layer_image(workload.entrypoint, workload.path.read_bytes())
    export(image, IMAGE, edge.root / "opt/greeter.tar")
    imported = ["--all-platforms", "--no-unpack", "/opt/greeter.tar"]
    edge.run(["ctr", "images", "import", *imported])
    run = ["ctr", "run", "--detach", "--net-host", "--platform", "wasip1/wasm"]
    edge.run([*run, "--runtime", "io.containerd.wasmtime.v1", IMAGE, "greeter"])
    asked = ["curl", "--silent", "--fail", "http://127.0.0.1:8080/healthz"]
    wait_for(
        "the guest's answer",
        lambda: "none" if edge.run(asked, check=False).returncode else None,
        seconds=20,
    )
    listed = edge.run(["ctr", "content", "ls"]).stdout
    layer = next(each for each in listed.splitlines() if each.startswith(image.layers[0].digest))
    digest = re.search(r"runwasi\.io/precompiled[^=,]*=(sha256:[0-9a-f]{64})", layer)
    assert digest is not None, listed
    edge.run(["sh", "-c", 'ctr content get "$1" >/opt/app.cwasm', "sh", digest[1]])
    edge.run(["ctr", "task", "rm", "--force", "greeter"])
    edge.run(["ctr", "container", "rm", "greeter"])
    program = folder / "app.cwasm"
    program.write_bytes((edge.root / "opt/app.cwasm").read_bytes())
    return program
