"""Releases that can't be locked, and signatures that do not hold."""

from __future__ import annotations

import argparse
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from shimyard.catalogue import Artifact, Signature
from shimyard.catalogue.commands import lock
from shimyard.catalogue.locking import add_entry, lock_artifact
from shimyard.catalogue.request import LockRequest
from shimyard.catalogue.signature import verify_keyless
from tests.unit.catalogue.fulcio_stand_in import IDENTITY, ISSUER, authority, sign
from tests.unit.catalogue.test_artifact import entry
from tests.unit.catalogue.test_locking import CONTAINERD, SHIM, publish
from tests.unit.catalogue.vendor_stand_in import tar
from tests.unit.errors.scene import Provocation, Scene

_CONTENT = b"a shim"
_OWN = "https://builds.example.com/own.tgz"


def _released(
    name: str, version: str, content: bytes, *, checksum: str | None = None
) -> Provocation:
    """The vendor has released it; ``checksum``: what a checksum file says instead."""

    def provoke(scene: Scene) -> object:
        publish(scene.releases, name, version, content)
        request = LockRequest(name, version, "amd64", mirror=scene.releases.base)
        url = request.release().checksum_url
        if checksum is not None and url is not None:
            scene.releases.publish(url, checksum.encode())
        return lock_artifact(request)

    return provoke


def _own_release(files: dict[str, str] | None) -> Provocation:
    def provoke(scene: Scene) -> object:
        digest = scene.releases.publish(_OWN, tar({"out/own": b"o"}))
        return lock_artifact(
            LockRequest(
                "own", "1.0.0", "amd64",
                url=_OWN, files=files, sha256=digest, mirror=scene.releases.base,
            )
        )  # fmt: skip

    return provoke


def _changed_release(scene: Scene) -> object:
    path = scene.folder / "artifacts.lock.json"
    add_entry(path, Artifact.model_validate(entry()))
    return add_entry(path, Artifact.model_validate(entry(sha256="b" * 64)))


def _both_architectures(_scene: Scene) -> object:
    return lock(argparse.Namespace(arch="both", sha256="a" * 64, url=None))


def _signed(proof: tuple[bytes, bytes], fulcio: Path | None = None) -> Provocation:
    def provoke(scene: Scene) -> None:
        verify_keyless(
            SHIM,
            hashlib.sha256(_CONTENT).digest(),
            signature=proof[0],
            certificate=proof[1],
            expected=Signature(kind="cosign-keyless", identity=IDENTITY, issuer=ISSUER),
            authority=fulcio or scene.write("authority.pem", authority().pem),
        )

    return provoke


def _bare(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """A certificate that names nobody."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    start = datetime(2025, 6, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(1))
    made = builder.sign(
        key, hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _by_nobody(scene: Scene) -> None:
    """The signature holds, but its certificate says neither who nor by whom."""
    key = ec.generate_private_key(ec.SECP256R1())
    signature = base64.b64encode(key.sign(_CONTENT, ec.ECDSA(hashes.SHA256())))
    _signed((signature, _bare(key)))(scene)


def _unsigned_shim(scene: Scene) -> object:
    publish(scene.releases, "containerd-shim-wasmtime", "0.6.1", tar({f"./{SHIM}": b"shim"}))
    return lock_artifact(
        LockRequest("containerd-shim-wasmtime", "0.6.1", "amd64", mirror=scene.releases.base)
    )


CASES: dict[str, Provocation] = {
    "a version that is none": lambda _scene: LockRequest("runc", "../1", "amd64"),
    "a name that is none": lambda _scene: LockRequest("../x", "1.0.0", "amd64"),
    "an artifact of an unknown vendor": lambda _scene: LockRequest(
        "nginx", "1.0.0", "amd64"
    ).release(),
    "an own archive without its files": _own_release(None),
    "an own archive with a file name that is a path": _own_release({"out/own": "../own"}),
    "one digest for both architectures": _both_architectures,
    "a release without the files to install": _released(
        "containerd", "2.2.1", tar({"README": b""})
    ),
    "a release that nothing vouches for": _released(
        "containerd-shim-spin", "0.18.0", tar({"containerd-shim-spin-v2": b"s"})
    ),
    "a release that has changed since it was locked": _changed_release,
    "a checksum file without the release": _released(
        "containerd", "2.2.1", CONTAINERD, checksum=f"{'0' * 64}  runc.arm64\n"
    ),
    "a release with another checksum than the published one": _released(
        "containerd", "2.2.1", CONTAINERD, checksum=f"{'0' * 64}\n"
    ),
    "a shim without a signature": _unsigned_shim,
    "a signature of other bytes": _signed(sign(b"another shim")),
    "a signature by somebody else": _signed(sign(_CONTENT, identity="https://github.com/mallory")),
    "a signature that somebody else vouches for": _signed(
        sign(_CONTENT, issuer="https://accounts.example.com")
    ),
    "a signature by an unknown authority": _signed(sign(_CONTENT, by=authority("mallory"))),
    "a certificate for another purpose": _signed(sign(_CONTENT, code_signing=False)),
    "a certificate that can't be read": _signed((b"", b"")),
    "a certificate with another kind of key": _signed(
        (b"", _bare(ed25519.Ed25519PrivateKey.generate()))
    ),
    "a certificate that names nobody": _by_nobody,
    "an authority that is not there": _signed(sign(_CONTENT), Path("/none.pem")),
}
