"""An entry of a lock can't name a file outside of the folders that it is meant for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from shimyard.catalogue import Artifact

ENTRY: dict[str, Any] = {
    "name": "containerd",
    "version": "2.2.1",
    "arch": "amd64",
    "url": "https://vendor.example.com/v2.2.1/containerd.tar.gz",
    "sha256": "a" * 64,
    "size": 10,
    "unpack": {"format": "tar.gz", "files": {"bin/containerd": "containerd"}},
    "checksum_source": "the vendor",
    "signature": None,
}


def entry(**changes: Any) -> dict[str, Any]:
    return {**ENTRY, **changes}


def unpack(format: str, files: dict[str, str]) -> dict[str, Any]:
    return entry(unpack={"format": format, "files": files})


def test_an_entry_as_the_lab_writes_it_is_read() -> None:
    artifact = Artifact.model_validate(ENTRY)

    assert artifact.key == ("containerd", "2.2.1", "amd64")
    assert Artifact.model_validate(unpack("raw", {"": "runc"})).unpack.files == {"": "runc"}
    assert Artifact.model_validate(unpack("tar.gz", {"./bridge": "bridge"}))


@pytest.mark.parametrize(
    "wrong",
    [
        unpack("tar.gz", {"/bin/x": "x"}),
        unpack("tar.gz", {"../x": "x"}),
        unpack("tar.gz", {"a/../../x": "x"}),
        unpack("tar.gz", {"a//x": "x"}),
        unpack("tar.gz", {"././x": "x"}),
        unpack("tar.gz", {"./": "x"}),
        unpack("tar.gz", {"a\nb": "x"}),
        unpack("tar.gz", {"": "x"}),
        unpack("tar.gz", {"a": "x", "b": "x"}),
        unpack("tar.gz", {}),
        unpack("raw", {"x": "x"}),
        unpack("raw", {"": "x", "y": "y"}),
        unpack("zip", {"x": "x"}),
        unpack("tar.gz", {"x": "../x"}),
        unpack("tar.gz", {"x": "/x"}),
        unpack("tar.gz", {"x": "a/b"}),
        unpack("tar.gz", {"x": ".hidden"}),
        unpack("tar.gz", {"x": "-rf"}),
        unpack("tar.gz", {"x": "a b"}),
        entry(url="ftp://vendor/x"),
        entry(url="https://vendor/x?a=b"),
        entry(url="https://vendor/x#a"),
        entry(url="https://me:pw@vendor/x"),
        entry(url="https://vendor/a/../x"),
        entry(url="https://vendor/a/%2e%2e/x"),
        entry(url="https://vendor/%00"),
        entry(url="https://vendor"),
        entry(url="https://vendor/"),
        entry(sha256="a" * 63),
        entry(sha256="A" * 64),
        entry(sha256="a" * 64 + "\n"),
        entry(size=0),
        entry(arch="riscv64"),
        entry(version="latest"),
        entry(name="../containerd"),
        entry(checksum_source=""),
        entry(extra=1),
        entry(signature={"kind": "pgp", "identity": "x", "issuer": "y"}),
    ],
    ids=lambda wrong: str({key: value for key, value in wrong.items() if ENTRY.get(key) != value}),
)
def test_an_entry_that_could_do_harm_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Artifact.model_validate(wrong)
