"""The ways in which one program becomes an image that containerd can run.

``entrypoint`` is the program's absolute path inside the image, ``/greeter.wasm`` for example. An
image of a module alone has no files, but the shim takes the program's name from it.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from lab.images.component import is_component, world_of
from lab.images.content import (
    IMAGE_CONFIG,
    TAR_GZIP_LAYER,
    WASM_CONFIG,
    WASM_LAYER,
    Blob,
    Image,
    json_blob,
    sha256,
)

# A fixed time keeps the digest of an unchanged program unchanged.
CREATED = "1970-01-01T00:00:00Z"


def classic_image(entrypoint: str, wasm: bytes) -> Image:
    """A ``wasi/wasm`` image: a root file system with the module at ``entrypoint``."""
    return _program_image(entrypoint, wasm, os="wasi", architecture="wasm")


def linux_image(entrypoint: str, program: bytes, arch: Literal["amd64", "arm64"]) -> Image:
    """An ordinary Linux image with nothing but one static program, at ``entrypoint``."""
    return _program_image(entrypoint, program, os="linux", architecture=arch)


def folder_image(entrypoint: str, folder: Path, arch: Literal["amd64", "arm64"]) -> Image:
    """An ordinary Linux image with all files below ``folder``, links followed."""
    files = {
        file.relative_to(folder).as_posix(): (file.read_bytes(), file.stat().st_mode & 0o777)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    return _rootfs_image(entrypoint, files, os="linux", architecture=arch)


def started_as(image: Image, command: Sequence[str], *, user: str) -> Image:
    """An ordinary image with the same files, started as ``command`` by ``user`` (a number)."""
    config = json.loads(image.config.data)
    config["config"] |= {"Entrypoint": list(command), "User": user}
    return Image(json_blob(image.config.media_type, config), image.layers)


def wasm_artifact(entrypoint: str, wasm: bytes) -> Image:
    """An OCI Wasm artifact: the module itself is the only layer, there is no root file system.

    The layout is https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/. The
    ``config`` and ``rootfs`` keys are no part of it: containerd's CRI reads the entrypoint there
    whatever the config's media type is, and without one every pod would need a ``command``.
    `ctr run` refuses this config's media type (containerd #10179): see ``wasm_layer_image``.
    """
    layer = Blob(WASM_LAYER, wasm)
    component = is_component(wasm)
    config = {
        "created": CREATED,
        "architecture": "wasm",
        "os": "wasip2" if component else "wasip1",
        "layerDigests": [layer.digest],
        "component": world_of(wasm) if component else None,
        **_run_config(entrypoint, diff_ids=[]),
    }
    return Image(json_blob(WASM_CONFIG, config), (layer,))


def wasm_layer_image(entrypoint: str, wasm: bytes) -> Image:
    """The module as a layer under an ordinary image config: what `ctr run` takes too."""
    config = {
        "created": CREATED,
        "architecture": "wasm",
        "os": "wasip1",
        **_run_config(entrypoint, diff_ids=[]),
    }
    return Image(json_blob(IMAGE_CONFIG, config), (Blob(WASM_LAYER, wasm),))


def _program_image(entrypoint: str, program: bytes, *, os: str, architecture: str) -> Image:
    # The shim's libcontainer refuses an entrypoint that is not executable.
    files = {entrypoint.lstrip("/"): (program, 0o755)}
    return _rootfs_image(entrypoint, files, os=os, architecture=architecture)


def _rootfs_image(
    entrypoint: str, files: Mapping[str, tuple[bytes, int]], *, os: str, architecture: str
) -> Image:
    tar = _tar(files)
    config = {
        "created": CREATED,
        "architecture": architecture,
        "os": os,
        **_run_config(entrypoint, diff_ids=[sha256(tar)]),
    }
    layer = Blob(TAR_GZIP_LAYER, gzip.compress(tar, compresslevel=6, mtime=0))
    return Image(json_blob(IMAGE_CONFIG, config), (layer,))


def _run_config(entrypoint: str, *, diff_ids: list[str]) -> dict[str, Any]:
    return {
        "config": {"Entrypoint": [entrypoint]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }


def _tar(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """``files``: path -> content and mode, in the order in which they are packed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, (content, mode) in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            info.mode = mode
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
