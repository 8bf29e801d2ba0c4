"""Patterns of images as sigstore's policy-controller reads them.

Source: github.com/sigstore/policy-controller, `pkg/apis/glob`, v0.15.1. It judges a pod's images by
their digests, so what a pattern is compared with is always 'registry/repository@sha256:...'.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_ALLOWED = re.compile(r"[a-zA-Z0-9_:/*.@-]+", re.ASCII)
_DOCKER_HUB = "index.docker.io"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _pattern(value: str) -> str:
    if not _ALLOWED.fullmatch(value):
        raise ValueError(
            "is no pattern of images; write it like 'registry.example.com/shop/**', '*' for "
            "anything within a segment, '**' for anything"
        )
    if value in {"*", "*/*"}:
        raise ValueError("means images of Docker Hub only; write '**' for all images")
    _can_match(*value.partition("@")[::2])
    if value.endswith("*") or "@" in value:
        return value
    repository, _, tag = value.rpartition(":")
    if repository and "/" not in tag:
        raise _has_tag(repository)
    raise ValueError(f"matches no image, since each has its digest by then; write '{value}@*'")


def _can_match(repository: str, digest: str) -> None:
    """Raise ``ValueError`` for what no 'registry/repository@sha256:...' is like."""
    registry, slash, rest = repository.partition("/")
    if "://" in repository:
        raise ValueError("has a scheme, which images have not; remove it")
    if repository != repository.lower():
        raise ValueError("has capitals, which no repository has; write it in lower case")
    if registry == "docker.io":
        raise ValueError(f"is compared with '{_DOCKER_HUB}/...'; write that name of Docker Hub")
    if "*" not in registry and not _is_registry(registry):
        raise ValueError(
            f"names no registry; write it whole, as '{_DOCKER_HUB}/library/nginx@*' for Docker "
            "Hub's nginx"
        )
    last = rest.rpartition("/")[2]
    if slash and ":" in last and not digest:
        name = repository.rpartition(":")[0]
        raise _has_tag(name)
    if digest and "*" not in digest and not _DIGEST.fullmatch(digest):
        raise ValueError("has no whole digest; write 64 hexadecimal digits behind 'sha256:', or *")
    if slash and ":" in last and digest:
        raise ValueError("has a tag beside the digest, which no image has by then; remove the tag")


ImagePattern = Annotated[str, Field(max_length=1024), AfterValidator(_pattern)]
"""'registry.example.com/shop/**': '*' is anything within a segment, '**' anything."""


def matches(pattern: str, image: str) -> bool:
    """Whether ``pattern`` holds for ``image``; for one without a digest, for any of its own."""
    name, at, digest = image.partition("@")
    wanted = pattern if at else pattern.partition("@")[0]
    kinds = {"**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*|\*)", wanted)
    expression = "".join(kinds.get(part) or re.escape(part) for part in parts)
    return re.fullmatch(expression, f"{_repository(name)}{at}{digest}") is not None


def _has_tag(name: str) -> ValueError:
    return ValueError(f"has a tag, and images are judged by their digest; write '{name}@*'")


def _is_registry(segment: str) -> bool:
    """Whether an image's first segment is a host, and not a part of Docker Hub's name."""
    return bool(set(".:") & set(segment)) or segment == "localhost"


def _repository(name: str) -> str:
    head, slash, tail = name.rpartition("/")
    registry, slash, repository = f"{head}{slash}{tail.partition(':')[0]}".partition("/")
    if not slash or not _is_registry(registry):
        registry, repository = _DOCKER_HUB, f"{registry}{slash}{repository}"
    elif registry == "docker.io":
        registry = _DOCKER_HUB
    if registry == _DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return f"{registry}/{repository}"
