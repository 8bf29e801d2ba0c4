"""Mirrors and bundles: one layout, in the order in which they are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.catalogue import Artifact, bundled, urls
from shimyard.catalogue.sources import mirror_path, mirrored
from shimyard.settings import ArtifactSettings
from tests.unit.catalogue.test_artifact import ENTRY, entry

ARTIFACT = Artifact.model_validate(ENTRY)
PATH = "vendor.example.com/v2.2.1/containerd.tar.gz"


def test_mirrors_come_before_the_vendor() -> None:
    settings = ArtifactSettings(mirrors=["https://one/base/", "http://two:8081"])

    assert urls(ARTIFACT, settings) == [
        f"https://one/base/{PATH}",
        f"http://two:8081/{PATH}",
        ARTIFACT.url,
    ]


def test_an_air_gapped_stack_never_asks_the_vendor() -> None:
    assert urls(ARTIFACT, ArtifactSettings(mirrors=["https://one"], air_gap=True)) == [
        f"https://one/{PATH}"
    ]
    assert urls(ARTIFACT, ArtifactSettings(bundle="bundle", air_gap=True)) == []


@pytest.mark.parametrize(
    ("url", "path", "asked"),
    [
        ("http://10.213.0.1:8081/x/y", "10.213.0.1:8081/x/y", "10.213.0.1:8081/x/y"),
        (
            "https://github.com/o/r/releases/download/shim%2Fv1.0.0/x.tar.gz",
            "github.com/o/r/releases/download/shim/v1.0.0/x.tar.gz",
            "github.com/o/r/releases/download/shim/v1.0.0/x.tar.gz",
        ),
        (
            "https://github.com/o/r/releases/download/v1.32.3%2Bk3s1/k3s",
            "github.com/o/r/releases/download/v1.32.3+k3s1/k3s",
            "github.com/o/r/releases/download/v1.32.3%2Bk3s1/k3s",
        ),
    ],
)
def test_a_static_file_server_finds_what_a_mirror_is_asked_for(
    url: str, path: str, asked: str
) -> None:
    assert mirror_path(url) == path
    assert mirrored("https://mirror/", path) == f"https://mirror/{asked}"


def test_a_bundle_has_the_layout_of_a_mirror(tmp_path: Path) -> None:
    file = tmp_path / "bundle" / PATH
    settings = ArtifactSettings(bundle="bundle")
    assert bundled(ARTIFACT, settings, tmp_path) is None

    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")

    assert bundled(ARTIFACT, settings, tmp_path) == file
    assert bundled(ARTIFACT, ArtifactSettings(bundle=str(tmp_path / "bundle")), Path("/")) == file
    assert bundled(ARTIFACT, ArtifactSettings(), tmp_path) is None
    assert (
        bundled(
            Artifact.model_validate(entry(version="2.2.0", url="https://v/x")), settings, tmp_path
        )
        is None
    )
