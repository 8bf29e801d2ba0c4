"""Keys and certificates as text: public ones, for what is to be verified with them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\s+"
    r"(?P<body>[A-Za-z0-9+/=\s]+?)\s*-----END (?P=label)-----"
)
_SEQUENCE = 0x30


def _one_or_more(kind: str, article: str, labels: frozenset[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if "PRIVATE KEY" in value:
            raise ValueError(
                f"is a private key, with which whoever reads this file can sign; write {article} "
                f"{kind} instead, and make a new pair if the file has left your hands"
            )
        blocks = list(_BLOCK.finditer(value))
        if not blocks or _BLOCK.sub("", value).strip():
            raise ValueError(f"is not PEM of {article} {kind}; write the whole file's text")
        if any(each["label"] not in labels for each in blocks):
            raise ValueError(f"is PEM, but not of {article} {kind}; write that")
        if any(not _is_der(each["body"]) for each in blocks):
            raise ValueError(f"is PEM of a broken {kind}; copy the whole file's text")
        return value

    return check


def _is_der(body: str) -> bool:
    try:
        content = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return False
    return len(content) > 1 and content[0] == _SEQUENCE


def _one(value: str) -> str:
    if value.count("-----BEGIN ") > 1:
        raise ValueError("has several keys; write one authority for each")
    return value


PublicKey = Annotated[
    str,
    AfterValidator(
        _one_or_more("public key", "a", frozenset({"PUBLIC KEY", "RSA PUBLIC KEY"})),
    ),
    AfterValidator(_one),
]
"""One public key in PEM, as `cosign public-key` prints it."""

Certificates = Annotated[
    str,
    AfterValidator(_one_or_more("certificate", "a", frozenset({"CERTIFICATE"}))),
]
"""Certificates in PEM, the root last."""
