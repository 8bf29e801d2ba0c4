"""Reading what ``pulumi version`` prints."""

from __future__ import annotations

import pytest

from toolchain.version import Version


@pytest.mark.parametrize("text", ["v3.246.0", "3.246.0", "v3.246.0\n", "3.246.0+dirty"])
def test_the_ways_pulumi_spells_a_version_are_all_understood(text: str) -> None:
    assert Version.parse(text) == Version(3, 246, 0)


@pytest.mark.parametrize("text", ["", "unknown", "3.246", "warning: v3.246.0"])
def test_anything_else_is_refused_instead_of_taken_for_some_version(text: str) -> None:
    with pytest.raises(ValueError, match="not a version number"):
        Version.parse(text)


def test_versions_compare_by_number_and_not_by_text() -> None:
    assert Version.parse("3.99.0") < Version.parse("3.246.0") < Version.parse("3.246.10")


def test_a_prerelease_is_older_than_its_release() -> None:
    assert Version.parse("3.246.0-alpha.1") < Version.parse("3.246.0")
    assert str(Version.parse("3.246.0-alpha.1")) == "3.246.0-pre"
