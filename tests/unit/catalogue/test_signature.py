"""A signature counts only if it is by the right workflow and vouched for by the authority."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from shimyard.catalogue import CatalogueError, Signature
from shimyard.catalogue.signature import PUBLIC_FULCIO, SignatureError, verify_keyless
from tests.unit.catalogue.fulcio_stand_in import IDENTITY, ISSUER, authority, sign

CONTENT = b"a shim"
EXPECTED = Signature(kind="cosign-keyless", identity=IDENTITY, issuer=ISSUER)


def verify(proof: tuple[bytes, bytes], fulcio: Path, content: bytes = CONTENT) -> None:
    verify_keyless(
        "shim",
        hashlib.sha256(content).digest(),
        signature=proof[0],
        certificate=proof[1],
        expected=EXPECTED,
        authority=fulcio,
    )


def test_the_vendors_signature_holds(fulcio: Path) -> None:
    verify(sign(CONTENT), fulcio)
    verify(sign(CONTENT, encoded=False), fulcio)
    verify(sign(CONTENT, old_issuer=True), fulcio)


@pytest.mark.parametrize(
    ("proof", "fact"),
    [
        (sign(b"another shim"), "it was made for other bytes"),
        (
            sign(CONTENT, identity=IDENTITY.replace("main", "fork")),
            f"not by {IDENTITY}",
        ),
        (sign(CONTENT, identity=f"{IDENTITY}x"), f"not by {IDENTITY}"),
        (sign(CONTENT, issuer="https://accounts.example.com"), "https://accounts.example.com vouc"),
        (sign(CONTENT, by=authority("mallory")), "comes from an unknown authority"),
        (sign(CONTENT, code_signing=False), "is not for code signing"),
        (sign(CONTENT, moment=datetime(2015, 1, 1, tzinfo=UTC)), "comes from an unknown authority"),
        ((sign(CONTENT)[0], sign(CONTENT)[1]), "or by another key"),
        ((b"", sign(CONTENT)[1]), "it was made for other bytes"),
        ((b"!!", sign(CONTENT)[1]), "it was made for other bytes"),
        ((sign(CONTENT)[0], b""), "its certificate can't be read"),
        ((sign(CONTENT)[0], base64.b64encode(b"x")), "its certificate can't be read"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_signature_that_proves_nothing_is_refused(
    fulcio: Path, proof: tuple[bytes, bytes], fact: str
) -> None:
    with pytest.raises(SignatureError) as caught:
        verify(proof, fulcio)

    assert fact in str(caught.value)
    assert caught.value.member == "shim"


def test_an_authority_of_the_same_name_with_another_key_is_refused(
    fulcio: Path, tmp_path: Path
) -> None:
    authority.cache_clear()
    try:
        with pytest.raises(SignatureError, match="unknown authority"):
            verify(sign(CONTENT, by=authority("sigstore")), fulcio)
    finally:
        authority.cache_clear()


def test_the_public_authority_does_not_vouch_for_somebody_elses_certificate() -> None:
    with pytest.raises(SignatureError, match="unknown authority"):
        verify(sign(CONTENT), PUBLIC_FULCIO)


def test_the_public_authority_is_sigstores_root_and_intermediate() -> None:
    certificates = x509.load_pem_x509_certificates(PUBLIC_FULCIO.read_bytes())

    assert [one.subject.rfc4514_string() for one in certificates] == [
        "CN=sigstore-intermediate,O=sigstore.dev",
        "CN=sigstore,O=sigstore.dev",
    ]
    for one in certificates:
        one.verify_directly_issued_by(certificates[1])


def test_a_missing_authority_is_told_and_never_taken_for_success(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="has no certificates"):
        verify(sign(CONTENT), tmp_path / "none.pem")
