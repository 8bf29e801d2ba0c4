"""Signed images for tests: public halves of pairs that nobody has, and sections of a stack."""

from __future__ import annotations

from typing import Any

PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbKhzoBUdlh6D0UYweqE2LRGASWN5
ZKH4tMFLRvlkctd2jijpgkYdf1t5tu7XeL51zMX9IoG0uh51jzZjuX4XLA==
-----END PUBLIC KEY-----
"""

CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBljCCAT2gAwIBAgIUJ2t+3GCOWci1HhOEx+Y/+4JuNSgwCgYIKoZIzj0EAwIw
IDENMAsGA1UECgwEYWNtZTEPMA0GA1UEAwwGZnVsY2lvMCAXDTI2MTEyNzAyMjMz
MVoYDzIxMjYxMTAzMDIyMzMxWjAgMQ0wCwYDVQQKDARhY21lMQ8wDQYDVQQDDAZm
dWxjaW8wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASbbnTtdbEsO3oLIxZSL+zT
D5j7u+jz4a3YD3DdH5fqRthV5FNP7oVY/PAxLdduIdvsweyHHN/efAbO+UNTfGxm
o1MwUTAdBgNVHQ4EFgQUgVMzrJpknjSYh2JXfcc4VsuF9x0wHwYDVR0jBBgwFoAU
gVMzrJpknjSYh2JXfcc4VsuF9x0wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD
AgNHADBEAiAN4aOUSJdWK624EExsKOPXUOSg0DgAeX2owiXdGqSxMwIgDk9vw3R5
PQitxjoHi33pzdzXxuUUnRL48j/Dd87G5dA=
-----END CERTIFICATE-----
"""
"""A private Fulcio's, made for tests; its key is nowhere."""

BY_KEY: dict[str, Any] = {"name": "release", "key": {"public": PUBLIC_KEY}}
BY_WORKFLOW: dict[str, Any] = {
    "name": "workflow",
    "keyless": {
        "issuer": "https://token.actions.githubusercontent.com",
        "subjectRegExp": "^https://github[.]com/acme/shop/[.]github/workflows/.*$",
    },
}
PRIVATE: dict[str, Any] = {
    "name": "ours",
    "fulcio": "https://fulcio.example.com",
    "organization": "acme",
    "commonName": "fulcio",
    "certificates": CERTIFICATE,
    "rekor": {"url": "https://rekor.example.com", "publicKey": PUBLIC_KEY},
    "certificateLog": {"url": "https://ctfe.example.com", "publicKey": PUBLIC_KEY},
}
CHART: dict[str, Any] = {
    "reference": "oci://charts.lab/sigstore/policy-controller",
    "version": "0.15.1",
    "digest": "sha256:" + "ab" * 32,
}
EVERYWHERE: dict[str, Any] = {"name": "all", "images": ["registry.lab/**"], "authorities": [BY_KEY]}


def signed(**fields: Any) -> dict[str, Any]:
    """The section `security` with signed images, some fields of theirs changed."""
    return {"signedImages": {"chart": CHART, "policies": [EVERYWHERE], **fields}}


def by(*authorities: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The same with other authorities of its policy."""
    return signed(policies=[{**EVERYWHERE, "authorities": [*authorities]}], **fields)
