"""`lock`: an entry is written only for bytes that something vouches for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from shimyard.catalogue import Artifact, CatalogueError
from shimyard.catalogue.archive import ArchiveError
from shimyard.catalogue.download import DownloadError
from shimyard.catalogue.lockfile import read_lock
from shimyard.catalogue.locking import add_entry, lock_artifact
from shimyard.catalogue.request import LockRequest
from shimyard.catalogue.signature import SignatureError
from shimyard.catalogue.vendors import release_of
from tests.unit.catalogue.fulcio_stand_in import IDENTITY, authority, sign
from tests.unit.catalogue.test_artifact import entry
from tests.unit.catalogue.vendor_stand_in import Releases, member, tar

CONTAINERD = tar(
    {
        "bin/containerd": b"c",
        "bin/ctr": b"t",
        "bin/containerd-shim-runc-v2": b"s",
        "bin/containerd-stress": b"x",
    }
)
SHIM = "containerd-shim-wasmtime-v1"


def request(releases: Releases, name: str, version: str, arch: str = "amd64") -> LockRequest:
    assert arch in {"amd64", "arm64"}
    return LockRequest(name, version, "amd64" if arch == "amd64" else "arm64", mirror=releases.base)


def publish(releases: Releases, name: str, version: str, content: bytes) -> str:
    """Put ``content`` where the vendor has it; with a right checksum file if there is one."""
    release = release_of(name, version, "amd64")
    assert release is not None
    digest = releases.publish(release.url, content)
    if release.must_have_checksum and release.checksum_url is not None:
        line = f"{digest}  {release.url.rpartition('/')[2]}\n"
        releases.publish(release.checksum_url, f"{'0' * 64}  other\n{line}".encode())
    return digest


def runwasi(shim: bytes, proof: tuple[bytes, bytes]) -> bytes:
    """An archive as runwasi packs it: './' names, signature and certificate beside the binary."""
    return tar({f"./{SHIM}": shim, f"./{SHIM}.sig": proof[0], f"./{SHIM}.pem": proof[1]})


def shim_request(releases: Releases, fulcio: Path) -> LockRequest:
    return replace(request(releases, "containerd-shim-wasmtime", "0.6.1"), authority=fulcio)


def test_a_release_with_a_checksum_is_locked_under_the_vendors_address(releases: Releases) -> None:
    digest = publish(releases, "containerd", "2.2.1", CONTAINERD)

    artifact = lock_artifact(request(releases, "containerd", "2.2.1"))

    assert (artifact.sha256, artifact.size) == (digest, len(CONTAINERD))
    assert artifact.url == (
        "https://github.com/containerd/containerd/releases/download/v2.2.1/"
        "containerd-2.2.1-linux-amd64.tar.gz"
    )
    assert artifact.checksum_source == f"{artifact.url}.sha256sum"
    assert list(artifact.unpack.files.values()) == ["containerd", "containerd-shim-runc-v2", "ctr"]
    assert artifact.signature is None


@pytest.mark.parametrize(
    ("name", "version", "content", "files"),
    [
        ("runc", "1.3.4", b"elf", {"": "runc"}),
        ("k3s", "1.32.3+k3s1", b"elf", {"": "k3s"}),
        (
            "cni-plugins",
            "1.8.0",
            tar({"./bridge": b"b", "./host-local": b"h", "./README.md": b"", "./LICENSE": b""}),
            {"./bridge": "bridge", "./host-local": "host-local"},
        ),
    ],
)
def test_the_other_vendors_releases_are_locked(
    releases: Releases, name: str, version: str, content: bytes, files: dict[str, str]
) -> None:
    publish(releases, name, version, content)

    assert lock_artifact(request(releases, name, version)).unpack.files == files


def test_a_release_whose_bytes_differ_from_its_checksum_is_refused(releases: Releases) -> None:
    publish(releases, "containerd", "2.2.1", CONTAINERD)
    release = release_of("containerd", "2.2.1", "amd64")
    assert release is not None
    releases.publish(release.url, CONTAINERD + b"more")

    with pytest.raises(CatalogueError, match="has another checksum"):
        lock_artifact(request(releases, "containerd", "2.2.1"))


def test_a_release_without_the_checksum_file_that_it_must_have_is_refused(
    releases: Releases,
) -> None:
    release = release_of("runc", "1.3.4", "amd64")
    assert release is not None
    releases.publish(release.url, b"elf")

    with pytest.raises(DownloadError) as caught:
        lock_artifact(request(releases, "runc", "1.3.4"))
    assert "runc.sha256sum" in caught.value.url


def test_a_checksum_file_without_the_release_is_refused(releases: Releases) -> None:
    release = release_of("runc", "1.3.4", "amd64")
    assert release is not None
    assert release.checksum_url is not None
    releases.publish(release.url, b"elf")
    releases.publish(release.checksum_url, f"{'0' * 64}  runc.arm64\n".encode())

    with pytest.raises(CatalogueError, match=r"has no line for runc\.amd64"):
        lock_artifact(request(releases, "runc", "1.3.4"))


def test_a_missing_release_is_refused(releases: Releases) -> None:
    with pytest.raises(DownloadError, match="404"):
        lock_artifact(request(releases, "containerd", "2.2.1"))


def test_a_truncated_release_is_refused(releases: Releases) -> None:
    publish(releases, "containerd", "2.2.1", CONTAINERD)
    releases.truncated.update(path for path in releases.files if path.endswith(".gz"))

    with pytest.raises(DownloadError, match="is truncated"):
        lock_artifact(request(releases, "containerd", "2.2.1"))


def test_a_hostile_release_is_refused_even_with_a_right_checksum(releases: Releases) -> None:
    publish(releases, "containerd", "2.2.1", tar({"bin/ctr": b""}, member("../../etc/cron.d/x")))

    with pytest.raises(ArchiveError, match="outside of the folder"):
        lock_artifact(request(releases, "containerd", "2.2.1"))


def test_a_signed_shim_is_locked_with_its_signers_identity(
    releases: Releases, fulcio: Path
) -> None:
    publish(releases, "containerd-shim-wasmtime", "0.6.1", runwasi(b"shim", sign(b"shim")))

    artifact = lock_artifact(shim_request(releases, fulcio))

    assert artifact.signature is not None
    assert artifact.signature.identity == IDENTITY
    assert artifact.unpack.files == {f"./{SHIM}": SHIM}
    assert IDENTITY in artifact.checksum_source


def test_a_shims_published_checksum_counts_beside_its_signature(
    releases: Releases, fulcio: Path
) -> None:
    publish(releases, "containerd-shim-wasmtime", "0.6.1", runwasi(b"shim", sign(b"shim")))
    release = release_of("containerd-shim-wasmtime", "0.6.1", "amd64")
    assert release is not None
    assert release.checksum_url is not None
    name = release.url.rpartition("/")[2]
    releases.publish(release.checksum_url, f"{'0' * 64}  {name}\n".encode())

    with pytest.raises(CatalogueError, match="has another checksum"):
        lock_artifact(shim_request(releases, fulcio))


@pytest.mark.parametrize(
    "content",
    [
        runwasi(b"other shim", sign(b"shim")),
        runwasi(b"shim", sign(b"shim", identity="https://github.com/mallory/x")),
        runwasi(b"shim", sign(b"shim", by=authority("mallory"))),
        tar({f"./{SHIM}": b"shim"}),
    ],
    ids=["other bytes", "other workflow", "other authority", "no signature"],
)
def test_a_shim_without_the_vendors_signature_is_refused_whatever_else_is_said(
    releases: Releases, fulcio: Path, content: bytes
) -> None:
    digest = publish(releases, "containerd-shim-wasmtime", "0.6.1", content)
    asked = replace(shim_request(releases, fulcio), sha256=digest, trust_download=True)

    with pytest.raises(SignatureError):
        lock_artifact(asked)


def test_a_release_that_nothing_vouches_for_is_refused_with_the_ways_out(
    releases: Releases,
) -> None:
    digest = publish(
        releases, "containerd-shim-spin", "0.18.0", tar({"containerd-shim-spin-v2": b"s"})
    )

    with pytest.raises(CatalogueError) as caught:
        lock_artifact(request(releases, "containerd-shim-spin", "0.18.0"))

    assert "has no published checksum and no signature" in str(caught.value)
    assert "--sha256" in caught.value.mend
    assert digest in caught.value.mend


def test_a_digest_from_elsewhere_vouches_if_it_is_the_same(releases: Releases) -> None:
    digest = publish(releases, "wasmtime", "45.0.1", b"")
    digest = publish(
        releases,
        "wasmtime",
        "45.0.1",
        tar({"wasmtime-v45.0.1-x86_64-linux/wasmtime": b"w"}, compress="xz"),
    )
    asked = request(releases, "wasmtime", "45.0.1")

    artifact = lock_artifact(replace(asked, sha256=digest, checksum_source="the release page"))
    assert artifact.checksum_source == "the release page"
    assert artifact.unpack.format == "tar.xz"

    with pytest.raises(CatalogueError, match="has another checksum"):
        lock_artifact(replace(asked, sha256="0" * 64))


def test_unvouched_bytes_are_locked_only_when_asked_and_the_entry_says_so(
    releases: Releases,
) -> None:
    publish(releases, "containerd-shim-spin", "0.18.0", tar({"containerd-shim-spin-v2": b"s"}))
    asked = request(releases, "containerd-shim-spin", "0.18.0")

    artifact = lock_artifact(replace(asked, trust_download=True))

    assert "nothing vouches for it" in artifact.checksum_source


def test_wasmedge_is_installed_with_its_library_under_the_name_that_it_looks_for(
    releases: Releases,
) -> None:
    folder = "WasmEdge-0.17.1-Linux"
    publish(
        releases,
        "wasmedge",
        "0.17.1",
        tar(
            {
                f"{folder}/bin/wasmedge": b"w",
                f"{folder}/lib64/libwasmedge.so.0.1.0": b"l",
                f"{folder}/include/wasmedge.h": b"",
            }
        ),
    )
    asked = replace(request(releases, "wasmedge", "0.17.1"), trust_download=True)

    assert sorted(lock_artifact(asked).unpack.files.values()) == ["libwasmedge.so.0", "wasmedge"]


def test_an_archive_without_the_files_to_install_lists_what_it_has(releases: Releases) -> None:
    publish(releases, "containerd", "2.2.1", tar({"README": b""}))

    with pytest.raises(CatalogueError, match="it has: README"):
        lock_artifact(request(releases, "containerd", "2.2.1"))


def test_an_own_build_is_locked_by_address_and_files(releases: Releases) -> None:
    digest = releases.publish("https://builds.example.com/x/own.tgz", tar({"./out/own": b"o"}))
    asked = LockRequest(
        "own-shim",
        "1.0.0",
        "arm64",
        url="https://builds.example.com/x/own.tgz",
        files={"out/own": "containerd-shim-own-v1"},
        sha256=digest,
        mirror=releases.base,
    )

    assert lock_artifact(asked).unpack.files == {"./out/own": "containerd-shim-own-v1"}
    with pytest.raises(CatalogueError, match="is not known"):
        lock_artifact(replace(asked, files=None))


def test_an_unknown_name_without_an_address_lists_the_known_ones(releases: Releases) -> None:
    with pytest.raises(CatalogueError, match="known are containerd, runc"):
        lock_artifact(request(releases, "nginx", "1.0.0"))


@pytest.mark.parametrize(
    ("name", "version"), [("runc", "../1"), ("../x", "1.0.0"), ("a b", "1.0.0")]
)
def test_a_name_or_version_that_is_none_asks_no_server(
    releases: Releases, name: str, version: str
) -> None:
    with pytest.raises(CatalogueError):
        lock_artifact(request(releases, name, version))
    assert releases.requests == []


def test_a_lock_keeps_its_order_and_takes_an_entry_once(tmp_path: Path) -> None:
    path = tmp_path / "artifacts.lock.json"
    first, second = (
        Artifact.model_validate(entry(version=version)) for version in ("2.2.1", "2.0.7")
    )

    assert add_entry(path, first)
    assert add_entry(path, second)
    assert not add_entry(path, first)
    assert read_lock(path) == [first, second]


def test_a_release_that_changed_is_refused_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "artifacts.lock.json"
    before = Artifact.model_validate(entry())
    after = Artifact.model_validate(entry(sha256=hashlib.sha256(b"new").hexdigest()))
    add_entry(path, before)

    with pytest.raises(CatalogueError) as caught:
        add_entry(path, after)
    assert "another digest" in str(caught.value)
    assert read_lock(path) == [before]

    assert add_entry(path, after, replace=True)
    assert read_lock(path) == [after]
