"""The stand-ins for SpinKube's operator, its chart and its shim, as their publishers have them."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Final

from lab.builds.archive import pack
from lab.builds.go import GoProgram
from lab.builds.recipe import Arch, Recipe, Unpack
from lab.charts import Chart
from lab.images.content import Image, json_blob
from lab.images.packaging import linux_image, started_as, wasm_artifact
from lab.images.registry_client import RegistryClient
from lab.shims.recipes import TRIPLE_ARCH, shim_recipes
from toolchain.cache import cached, digest
from toolchain.progress import Progress

FOLDER: Final = Path(__file__).parent
OPERATOR: Final = FOLDER / "operator"
PROGRAM: Final = "spin-operator"
SHIM: Final = "containerd-shim-spin"
REGISTRY: Final = "ghcr.io"
"""Where the publisher has them, by whose name the chart's image is pulled."""
VERSION: Final = "0.6.1-lab.1"
"""The operator's release whose contract is kept, and that it is the lab's."""

_OWNER: Final = "spinframework"
# Not root, since the chart's pod must not be: the number of upstream's own image.
_USER: Final = "65532"
# Where the wasmtime shim listens unless it is told; the spin shim is at 80.
_ADDRESS: Final = "WASMTIME_HTTP_PROXY_SOCKET_ADDR=0.0.0.0:80"


def spin_operator(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, 30 MB; its first build takes a minute.

    Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """
    program = GoProgram(OPERATOR)

    def make(out: Path) -> None:
        program.build(out / PROGRAM, arch)

    key = digest(PROGRAM, arch, *program.inputs)
    return cached(f"{PROGRAM}-{arch}", key, make, progress=progress) / PROGRAM


def publish(registry_url: str, arch: Arch) -> Chart:
    """Push chart and image to a registry that stands for ``REGISTRY``; the chart.

    Errors: as ``spin_operator``, and ``RegistryRefusedError``.
    """
    chart = Chart.of_folder(FOLDER / "chart", VERSION)
    chart.push(registry_url, f"{_OWNER}/charts")
    image = linux_image(f"/{PROGRAM}", spin_operator(arch).read_bytes(), arch)
    started = started_as(image, [f"/{PROGRAM}"], user=_USER)
    RegistryClient(registry_url).push(started, f"{_OWNER}/{PROGRAM}", VERSION)
    return chart


def spin_shim(arch: Arch) -> Recipe:
    """The lab's wasmtime shim by the spin shim's name: it runs `wasi:http` components.

    It knows nothing of Spin: no application's manifest, triggers, variables or stores.
    """
    binary = f"{SHIM}-v2"
    file_name = f"{binary}-linux-{TRIPLE_ARCH[arch]}.tar.gz"
    wasmtime = shim_recipes(arch)[0]

    def make(out: Path) -> None:
        with tarfile.open(wasmtime.build().path) as archive:
            archive.extract("containerd-shim-wasmtime-v1", out, filter="data")
        program = (out / "containerd-shim-wasmtime-v1").rename(out / binary)
        pack(out / file_name, {binary: program})
        program.unlink()

    return Recipe(
        name=SHIM,
        version=wasmtime.version,
        arch=arch,
        file_name=file_name,
        unpack=Unpack("tar.gz", {binary: binary}),
        inputs=wasmtime.inputs,
        make=make,
    )


def application(name: str, component: bytes) -> Image:
    """A `wasi:http` component as the stand-in for the shim runs it: on port 80."""
    image = wasm_artifact(f"/{name}.wasm", component)
    config = json.loads(image.config.data)
    config["config"]["Env"] = [_ADDRESS]
    return Image(json_blob(image.config.media_type, config), image.layers)
