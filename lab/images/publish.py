"""Every workload of the lab, in every packaging, in the lab's registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.builds.recipe import Arch
from lab.images.content import Image
from lab.images.packaging import classic_image, linux_image, wasm_artifact, wasm_layer_image
from lab.images.registry_client import RegistryClient
from lab.workloads import Workload

Packaging = Literal["classic", "artifact", "layer"]

PACKAGINGS: dict[Packaging, Callable[[str, bytes], Image]] = {
    "classic": classic_image,
    "artifact": wasm_artifact,
    "layer": wasm_layer_image,
}


@dataclass(frozen=True)
class PushedImage:
    """One packaging of a workload in a registry: repository, tag, and its manifest's digest."""

    repository: str
    tag: Packaging
    digest: str


def push_pause(registry_url: str, program: Path, arch: Arch) -> None:
    """Push the sandbox image of pods as ``pause:1``. Errors: ``RegistryRefusedError``."""
    image = linux_image("/pause", program.read_bytes(), arch)
    RegistryClient(registry_url).push(image, "pause", "1")


def push_native(registry_url: str, program: Path, arch: Arch) -> None:
    """Push the ordinary greeter as ``greeter:native``. Errors: ``RegistryRefusedError``."""
    image = linux_image("/greeter", program.read_bytes(), arch)
    RegistryClient(registry_url).push(image, "greeter", "native")


def push_all(registry_url: str, workloads: Iterable[Workload]) -> tuple[PushedImage, ...]:
    """Push each workload as ``<name>:classic``, ``<name>:artifact`` and ``<name>:layer``.

    Errors: ``RegistryRefusedError``; ``NotWasmError`` for a file that is no Wasm binary.
    """
    client = RegistryClient(registry_url)
    pushed = []
    for workload in workloads:
        wasm = workload.path.read_bytes()
        for packaging, pack in PACKAGINGS.items():
            digest = client.push(pack(workload.entrypoint, wasm), workload.name, packaging)
            pushed.append(PushedImage(workload.name, packaging, digest))
    return tuple(pushed)
