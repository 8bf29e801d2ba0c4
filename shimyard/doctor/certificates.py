"""Certificates on a node: whose they are and until when they are good."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass

from cryptography import x509


@dataclass(frozen=True)
class Certificate:
    """The certificate in a file. ``ends``: Unix seconds from which it is no longer good."""

    path: str
    ends: int


def certificate(path: str, body: str) -> Certificate | None:
    """From the base64 of a PEM file; None if it is no certificate."""
    try:
        with warnings.catch_warnings():
            # Of serial numbers and names that are not quite as the standard has them.
            warnings.simplefilter("ignore")
            found = x509.load_der_x509_certificate(base64.b64decode(body, validate=True))
    except ValueError:
        return None
    return Certificate(path, int(found.not_valid_after_utc.timestamp()))
