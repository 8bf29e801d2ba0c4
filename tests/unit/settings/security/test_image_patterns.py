"""Patterns of images: what they hold for, as policy-controller reads them."""

from __future__ import annotations

import pytest

from shimyard.settings.security.image_patterns import matches

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
