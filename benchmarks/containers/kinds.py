"""The kinds of containers that are measured: one program, three ways to run it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lab.images.content import Image
from lab.images.packaging import classic_image, linux_image, wasm_layer_image
from lab.nodes.base import node_architecture
from lab.workloads import build
from lab.workloads.native_recipe import greeter_native
from toolchain.progress import Progress

AOT: Final = "wasm, compiled once"
JIT: Final = "wasm, compiled at each start"
ORDINARY: Final = "ordinary"
_WASM_RUNTIME: Final = "io.containerd.wasmtime.v1"
_ADDRESS: Final = "WASMTIME_HTTP_PROXY_SOCKET_ADDR"


@dataclass(frozen=True)
class Kind:
    """``image``: what is pulled. ``imported``: how `ctr images import` takes it.

    ``runtime``: options of `ctr run`. ``listening``: a port -> more options, and the arguments.
    """

    name: str
    image: Image
    imported: Sequence[str]
    runtime: Sequence[str]
    listening: Callable[[int], tuple[list[str], list[str]]]

    @property
    def reference(self) -> str:
        """Its image's name on the node."""
        return f"benchmark.lab/greeter:{self.image.digest[7:19]}"

    @property
    def compressed(self) -> int:
        """Bytes of its manifest, config and layers, as a registry sends them."""
        blobs = (self.image.manifest, self.image.config, *self.image.layers)
        return sum(len(blob.data) for blob in blobs)


def kinds(progress: Progress | None = None) -> tuple[Kind, ...]:
    """All of them: the greeter as a component, and as a static program of the same Rust code.

    Errors: ``BuildError``, ``CommandError``.
    """
    workload = next(each for each in build(progress) if each.name == "greeter")
    wasm = workload.path.read_bytes()
    arch = node_architecture()
    program = greeter_native(arch, progress).read_bytes()
    return (
        Kind(
            AOT,
            wasm_layer_image(workload.entrypoint, wasm),
            # There is no root file system in it to unpack.
            ("--all-platforms", "--no-unpack"),
            ("--platform", "wasip1/wasm", "--runtime", _WASM_RUNTIME),
            _by_variable,
        ),
        Kind(
            JIT,
            classic_image(workload.entrypoint, wasm),
            ("--local", "--platform", "wasi/wasm"),
            ("--platform", "wasi/wasm", "--runtime", _WASM_RUNTIME),
            _by_variable,
        ),
        Kind(ORDINARY, linux_image("/greeter", program, arch), (), (), _by_argument),
    )


def _by_variable(port: int) -> tuple[list[str], list[str]]:
    return ["--env", f"{_ADDRESS}=0.0.0.0:{port}"], []


def _by_argument(port: int) -> tuple[list[str], list[str]]:
    return [], ["/greeter", f"0.0.0.0:{port}"]
