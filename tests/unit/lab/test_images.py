"""Images of the lab's workloads: digests, layouts, and what a component says of itself."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.images.component import NotWasmError, is_component, world_of
from lab.images.content import TAR_GZIP_LAYER, WASM_CONFIG, WASM_LAYER, Blob, Image
from lab.images.layout import export
from lab.images.packaging import (
    classic_image,
    linux_image,
    started_as,
    wasm_artifact,
    wasm_layer_image,
)

MODULE = b"\0asm\x01\0\0\0" + b"\0\x05\x04note"
PREAMBLE = b"\0asm\x0d\0\x01\0"


def section(number: int, *entries: bytes) -> bytes:
    body = bytes([len(entries)]) + b"".join(entries)
    return bytes([number, len(body)]) + body


def named(name: str) -> bytes:
    return b"\0" + bytes([len(name)]) + name.encode()


COMPONENT = (
    PREAMBLE
    + section(10, named("wasi:io/poll@0.2.3") + b"\x05\x00")
    + section(10, named("thing") + b"\x03\x01", named("run") + b"\x01\x02")
    + section(11, named("wasi:http/incoming-handler@0.2.3") + b"\x05\x01\x00")
)


def config_of(image: Image) -> dict[str, object]:
    content: dict[str, object] = json.loads(image.config.data)
    return content


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_a_manifest_names_its_pieces_by_digest_and_size() -> None:
    image = classic_image("/hello.wasm", MODULE)
    manifest = json.loads(image.manifest.data)

    for blob, named_by in zip(
        (image.config, *image.layers), (manifest["config"], *manifest["layers"]), strict=True
    ):
        assert named_by == {
            "mediaType": blob.media_type,
            "digest": sha256(blob.data),
            "size": len(blob.data),
        }
    assert image.digest == sha256(image.manifest.data)


@pytest.mark.parametrize("pack", [classic_image, wasm_artifact, wasm_layer_image])
def test_an_unchanged_module_keeps_its_digest(pack: Callable[[str, bytes], Image]) -> None:
    image = pack("/a.wasm", MODULE)
    assert image.digest == pack("/a.wasm", MODULE).digest
    if image.layers[0].media_type == TAR_GZIP_LAYER:
        assert image.layers[0].data[4:8] == bytes(4), "gzip's own header holds a time too"


def test_a_classic_image_holds_the_module_as_an_executable_file() -> None:
    image = classic_image("/hello.wasm", MODULE)
    tar = gzip.decompress(image.layers[0].data)
    with tarfile.open(fileobj=io.BytesIO(tar)) as files:
        (member,) = files.getmembers()

    config = config_of(image)
    assert (member.name, member.mode) == ("hello.wasm", 0o755)
    assert (config["os"], config["architecture"]) == ("wasi", "wasm")
    assert config["config"] == {"Entrypoint": ["/hello.wasm"]}
    assert config["rootfs"] == {"type": "layers", "diff_ids": [sha256(tar)]}


def test_an_artifact_has_the_module_itself_as_its_layer() -> None:
    image = wasm_artifact("/hello.wasm", MODULE)

    config = config_of(image)
    assert image.layers == (Blob(WASM_LAYER, MODULE),)
    assert image.config.media_type == WASM_CONFIG
    assert (config["os"], config["architecture"]) == ("wasip1", "wasm")
    assert config["layerDigests"] == [sha256(MODULE)]
    assert config["component"] is None


def test_an_artifact_of_a_component_says_what_it_imports_and_exports() -> None:
    config = config_of(wasm_artifact("/http.wasm", COMPONENT))

    assert config["os"] == "wasip2"
    assert config["component"] == {
        "imports": ["wasi:io/poll@0.2.3", "thing", "run"],
        "exports": ["wasi:http/incoming-handler@0.2.3"],
    }


def test_a_native_image_is_for_its_own_architecture() -> None:
    config = config_of(linux_image("/hello", b"\x7fELF", "arm64"))

    assert (config["os"], config["architecture"]) == ("linux", "arm64")


def test_a_file_that_is_no_wasm_is_refused() -> None:
    with pytest.raises(NotWasmError):
        is_component(b"#!/bin/sh\n")
    with pytest.raises(NotWasmError):
        world_of(COMPONENT[:20])


def test_an_exported_image_is_whole_and_named(tmp_path: Path) -> None:
    image = classic_image("/hello.wasm", MODULE)
    export(image, "registry.lab/hello:classic", tmp_path / "image.tar")

    with tarfile.open(tmp_path / "image.tar") as tar:
        files = {
            member.name: extracted.read()
            for member in tar.getmembers()
            if (extracted := tar.extractfile(member)) is not None
        }
    (named_by,) = json.loads(files["index.json"])["manifests"]
    assert named_by["annotations"]["io.containerd.image.name"] == "registry.lab/hello:classic"
    assert named_by["annotations"]["org.opencontainers.image.ref.name"] == "classic"
    blobs = {name: data for name, data in files.items() if name.startswith("blobs/")}
    assert len(blobs) == 3
    for name, data in blobs.items():
        assert name == f"blobs/sha256/{hashlib.sha256(data).hexdigest()}"
    assert named_by["digest"] == image.digest


def test_one_program_of_many_shares_its_files_with_the_others() -> None:
    image = linux_image("/many", b"program", "amd64")
    first = started_as(image, ["/many", "one"], user="65532")
    assert first.layers == image.layers
    assert config_of(first)["config"] == {"Entrypoint": ["/many", "one"], "User": "65532"}
    assert config_of(image)["config"] == {"Entrypoint": ["/many"]}
    assert first.digest != started_as(image, ["/many", "two"], user="65532").digest
