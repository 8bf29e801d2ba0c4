"""cosign's keyless signatures: who signed these bytes, and who vouches for that."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from shimyard.catalogue.artifact import Signature
from shimyard.catalogue.errors import CatalogueError

PUBLIC_FULCIO = Path(__file__).with_name("fulcio.pem")
"""The certificate authority of the public Sigstore."""

# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_ISSUER_BEFORE_2022 = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_CODE_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.3")
_MAX_CHAIN = 4


class SignatureError(CatalogueError):
    """A signature that does not hold. Attribute ``member``: the file that it is for."""

    def __init__(self, member: str, problem: str) -> None:
        super().__init__(
            f"the signature of {member} does not hold: {problem}",
            mend="don't install this file; compare it with the vendor's release page",
        )
        self.member = member


def verify_keyless(
    member: str,
    digest: bytes,
    *,
    signature: bytes,
    certificate: bytes,
    expected: Signature,
    authority: Path = PUBLIC_FULCIO,
) -> None:
    """Check that ``expected`` signed the file with this SHA-256 ``digest``.

    ``signature`` and ``certificate`` are the files that `cosign sign-blob --output-signature
    --output-certificate` wrote: base64 of an ECDSA signature, and a PEM certificate or base64 of
    one. ``authority`` holds the PEM certificates of the Fulcio that issued it.

    Checked: the signature over the file; that the certificate is for code signing, for exactly
    this identity and issuer; its chain up to a root in ``authority``, as of the moment when it
    was issued. NOT checked: that the signature was made in the ten minutes for which the
    certificate is valid; only an entry in the transparency log (Rekor) could show that, and a
    detached signature carries none. Raises ``SignatureError``.
    """
    leaf = _certificate(member, certificate)
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SignatureError(member, "its certificate has no ECDSA key")
    try:
        key.verify(_base64(signature), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError, binascii.Error):
        raise SignatureError(member, "it was made for other bytes, or by another key") from None
    _check_identity(member, leaf, expected)
    _check_chain(member, leaf, authority)


def _certificate(member: str, text: bytes) -> x509.Certificate:
    try:
        pem = text if b"-----BEGIN" in text else _base64(text)
        return x509.load_pem_x509_certificate(pem)
    except (ValueError, binascii.Error):
        raise SignatureError(member, "its certificate can't be read") from None


def _base64(text: bytes) -> bytes:
    return base64.b64decode(b"".join(text.split()), validate=True)


def _check_identity(member: str, leaf: x509.Certificate, expected: Signature) -> None:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        identities = names.get_values_for_type(x509.UniformResourceIdentifier)
        identities += names.get_values_for_type(x509.RFC822Name)
        issuer = _issuer(leaf)
    except (x509.ExtensionNotFound, ValueError):
        raise SignatureError(member, "its certificate names no identity and issuer") from None
    if identities != [expected.identity]:
        problem = f"it is by {', '.join(identities) or 'nobody'}, not by {expected.identity}"
        raise SignatureError(member, problem)
    if issuer != expected.issuer:
        raise SignatureError(member, f"{issuer} vouches for it, not {expected.issuer}")
    if _CODE_SIGNING not in usage:
        raise SignatureError(member, "its certificate is not for code signing")


def _issuer(leaf: x509.Certificate) -> str:
    """The OIDC issuer; the newer extension holds it as DER, the older one as plain text."""
    for oid in (_ISSUER, _ISSUER_BEFORE_2022):
        try:
            extension = leaf.extensions.get_extension_for_oid(oid).value
        except x509.ExtensionNotFound:
            continue
        raw = extension.value if isinstance(extension, x509.UnrecognizedExtension) else b""
        if oid == _ISSUER and raw[:1] == b"\x0c" and len(raw) < 130 and raw[1] == len(raw) - 2:
            raw = raw[2:]
        return raw.decode("utf-8")
    raise x509.ExtensionNotFound("no issuer", _ISSUER)


def _check_chain(member: str, leaf: x509.Certificate, authority: Path) -> None:
    """Walk from ``leaf`` to a self-signed root; the certificate's own time is what counts."""
    try:
        trusted = x509.load_pem_x509_certificates(authority.read_bytes())
    except (OSError, ValueError):
        raise CatalogueError(
            f"{authority} has no certificates",
            mend="name a PEM file with the certificates of your Fulcio",
        ) from None
    moment = leaf.not_valid_before_utc
    current = leaf
    for _ in range(_MAX_CHAIN):
        parent = next((one for one in trusted if _issued(one, current, moment)), None)
        if parent is None:
            break
        if _issued(parent, parent, moment):
            return
        current = parent
    raise SignatureError(member, "its certificate comes from an unknown authority")


def _issued(parent: x509.Certificate, child: x509.Certificate, moment: datetime) -> bool:
    if not parent.not_valid_before_utc <= moment <= parent.not_valid_after_utc:
        return False
    try:
        child.verify_directly_issued_by(parent)
        constraints = parent.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = parent.extensions.get_extension_for_class(x509.KeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return constraints.ca and usage.key_cert_sign
