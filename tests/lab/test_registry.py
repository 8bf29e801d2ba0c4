"""The real registry, as the lab builds and configures it, over loopback."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest

from lab.builds.distribution import distribution_recipe
from lab.deadline import wait_for
from lab.images.content import Image
from lab.images.packaging import classic_image, wasm_artifact, wasm_layer_image
from lab.images.registry_client import RegistryClient, RegistryRefusedError
from lab.registry import ENVIRONMENT, serves, write_config

pytestmark = pytest.mark.lab

MODULE = b"\0asm\x01\0\0\0" + b"\0\x05\x04note"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryClient]:
    folder = tmp_path_factory.mktemp("registry")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config = write_config(folder, address)
    log = folder / "registry.log"
    argv = [str(distribution_recipe("amd64").build().path), "serve", str(config)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            argv, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}
        ) as process,
    ):
        try:
            url = f"http://{address}"
            wait_for(
                "the registry",
                lambda: None if serves(url) else "no answer yet",
                seconds=15,
                log=log,
            )
            yield RegistryClient(url)
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("tag", "image"),
    [
        ("classic", classic_image("/hello.wasm", MODULE)),
        ("artifact", wasm_artifact("/hello.wasm", MODULE)),
        ("layer", wasm_layer_image("/hello.wasm", MODULE)),
    ],
)
def test_a_pushed_image_is_served_back_by_tag_and_by_digest(
    registry: RegistryClient, tag: str, image: Image
) -> None:
    digest = registry.push(image, "team/hello", tag)

    assert registry.manifest("team/hello", tag) == image.manifest.data
    assert registry.manifest("team/hello", digest) == image.manifest.data
    for blob in (image.config, *image.layers):
        assert registry.blob("team/hello", blob.digest) == blob.data


def test_a_second_push_sends_no_layer_again(registry: RegistryClient) -> None:
    image = classic_image("/again.wasm", MODULE)

    assert not registry.has_blob("again", image.layers[0].digest)
    registry.push(image, "again", "one")
    assert registry.has_blob("again", image.layers[0].digest)
    assert registry.push(image, "again", "two") == image.digest


def test_an_absent_image_is_told_with_its_address(registry: RegistryClient) -> None:
    with pytest.raises(RegistryRefusedError, match=r"/v2/hello/manifests/absent.*404") as refused:
        registry.manifest("hello", "absent")
    assert refused.value.status == 404
