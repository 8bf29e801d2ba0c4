"""Patterns of images: what they hold for, as policy-controller reads them."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from shimyard.settings.security.image_patterns import ImagePattern, matches

DIGEST = "@sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("pattern", "image", "held"),
    [
        ("registry.lab/**", "registry.lab/greeter:1", True),
        ("registry.lab/**", "registry.lab/shop/greeter" + DIGEST, True),
        ("registry.lab/*", "registry.lab/greeter:artifact" + DIGEST, True),
        ("registry.lab/*", "registry.lab/shop/greeter:1", False),
        ("registry.lab/shop/greeter@*", "registry.lab/shop/greeter", True),
        ("registry.lab/shop/greeter@*", "registry.lab/shop/greeter-2", False),
        ("registry.lab/greeter*", "registry.lab/greeter-2:1", True),
        ("registry.lab/greeter" + DIGEST, "registry.lab/greeter:1" + DIGEST, True),
        ("registry.lab/greeter" + DIGEST, "registry.lab/greeter@sha256:" + "cd" * 32, False),
        ("registry.lab:5000/**", "registry.lab:5000/greeter:1", True),
        ("registry.lab/**", "registryxlab/greeter:1", False),
        ("index.docker.io/library/*", "alpine:3", True),
        ("index.docker.io/acme/*", "docker.io/acme/greeter", True),
        ("localhost/*", "localhost/greeter", True),
        ("**", "ghcr.io/acme/greeter:1", True),
    ],
)
def test_a_pattern_holds_for_what_the_controller_would_ask_it_about(
    pattern: str, image: str, held: bool
) -> None:
    assert matches(pattern, image) is held


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("docker.io/acme/**", "is compared with 'index.docker.io/...'"),
        ("acme/*", "names no registry"),
        ("nginx@*", "names no registry"),
        ("registry.lab/camera:1.*", "has a tag, and images are judged by their digest"),
        ("registry.lab/shop:v*@*", "has a tag beside the digest"),
        ("Registry.lab/**", "has capitals"),
        ("https://registry.lab/**", "has a scheme"),
        ("registry.lab/camera@sha256:abc", "has no whole digest"),
    ],
)
def test_a_pattern_that_no_image_is_like_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        TypeAdapter(ImagePattern).validate_python(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *("**", "registry.lab/**", "mirror.lab:5000/*@*", "registry.lab/a@sha256:*"),
        *("*.lab/**", "localhost/*", "index.docker.io/library/nginx@*", f"registry.lab/a{DIGEST}"),
    ],
)
def test_a_pattern_that_some_image_is_like_is_accepted(pattern: str) -> None:
    assert TypeAdapter(ImagePattern).validate_python(pattern) == pattern
