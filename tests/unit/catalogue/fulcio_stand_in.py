"""Stand-in: a certificate authority that issues signing certificates like Sigstore's Fulcio."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

IDENTITY = (
    "https://github.com/containerd/runwasi/.github/workflows/action-build.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"
MOMENT = datetime(2025, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Authority:
    """A root and an intermediate; ``pem`` is what a verifier trusts."""

    root: x509.Certificate
    intermediate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        encoding = serialization.Encoding.PEM
        return self.intermediate.public_bytes(encoding) + self.root.public_bytes(encoding)


@cache
def authority(name: str = "sigstore") -> Authority:
    """The same authority for the same ``name``."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _ca(name, root_key, name, root_key)
    return Authority(root, _ca(f"{name}-intermediate", key, name, root_key), key)


def sign(
    content: bytes,
    *,
    identity: str = IDENTITY,
    issuer: str = ISSUER,
    by: Authority | None = None,
    code_signing: bool = True,
    old_issuer: bool = False,
    moment: datetime = MOMENT,
    encoded: bool = True,
) -> tuple[bytes, bytes]:
    """(.sig, .pem) of ``content`` as `cosign sign-blob` writes them; ``encoded``: PEM in base64."""
    by = by or authority()
    key = ec.generate_private_key(ec.SECP256R1())
    usage = ExtendedKeyUsageOID.CODE_SIGNING if code_signing else ExtendedKeyUsageOID.SERVER_AUTH
    oid, text = ("1.1", issuer.encode()) if old_issuer else ("1.8", _der(issuer))
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.{oid}"), text)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
    leaf = (
        _builder("", key, by.intermediate.subject, moment, timedelta(minutes=10))
        .add_extension(names, critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(extension, critical=False)
        .sign(by.key, hashes.SHA256())
    )
    pem = leaf.public_bytes(serialization.Encoding.PEM)
    signature = base64.b64encode(key.sign(content, ec.ECDSA(hashes.SHA256())))
    return signature, base64.b64encode(pem) if encoded else pem


def _der(text: str) -> bytes:
    raw = text.encode()
    return b"\x0c" + bytes([len(raw)]) + raw


def _ca(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    start = MOMENT - timedelta(days=1000)
    return (
        _builder(name, key, _name(issuer), start, timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def _builder(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    start: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
