"""Archives of images in the lock: K3s's own, and somebody's; and which nodes need them."""

from __future__ import annotations

from typing import Any

import pytest

from shimyard.catalogue import Need, artifacts_of_node
from shimyard.catalogue.request import LockRequest
from shimyard.settings import parse
from tests.unit.settings.stacks import WHERE
from tests.unit.settings.test_cluster import stack
from tests.unit.settings.test_embedded import raw

VERSION = "1.36.3+k3s1"
IMAGES = [{"name": "k3s-airgap-images"}, {"name": "site", "version": "2.0.0"}]


def test_k3s_releases_its_images_beside_itself_with_a_checksum() -> None:
    release = LockRequest("k3s-airgap-images", "1.32.3+k3s1", "arm64").release()
    folder = "https://github.com/k3s-io/k3s/releases/download/v1.32.3%2Bk3s1"
    assert release.url == f"{folder}/k3s-airgap-images-arm64.tar.zst"
    assert release.checksum_url == f"{folder}/sha256sum-arm64.txt"
    assert release.must_have_checksum
    assert (release.format, release.pick([])) == ("raw", {"": "k3s-airgap-images.tar.zst"})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://site/x-2.0.0.tar.zst", "site.tar.zst"),
        ("https://site/x-2.0.0.tar", "site.tar"),
        ("https://site/x", "site"),
    ],
)
def test_an_archive_keeps_what_tells_how_it_is_packed(url: str, name: str) -> None:
    release = LockRequest("site", "2.0.0", "amd64", url=url).release()
    assert release.format == "raw"
    assert release.pick([]) == {"": name}


def needs(made: dict[str, Any], node: str) -> list[Need]:
    settings = parse(made, where=WHERE)
    (machine,) = [each for each in settings.nodes if each.name == node]
    return artifacts_of_node(settings, machine)


def test_a_nodes_images_are_part_of_its_bundle_in_the_version_of_its_k3s() -> None:
    made = stack(images=IMAGES, agentVersion="1.35.2+k3s1")
    for node, version in (("edge-1", VERSION), ("edge-2", "1.35.2+k3s1")):
        found = needs(made, node)
        assert Need("containerd", "2.2.1", "amd64") in found
        assert found[-3:] == [
            Need("k3s", version, "amd64"),
            Need("k3s-airgap-images", version, "amd64"),
            Need("site", "2.0.0", "amd64"),
        ]


def test_where_k3s_brings_containerd_the_bundle_has_none() -> None:
    assert needs(raw(), "edge-2") == [
        Need("containerd-shim-wasmtime", "1.0.0", "amd64"),
        Need("k3s", VERSION, "amd64"),
    ]


def test_a_machine_outside_of_the_cluster_needs_no_images() -> None:
    found = needs(stack(images=IMAGES, agents=["edge-2"]), "edge-5")
    assert not {"k3s", "site"} & {need.name for need in found}
