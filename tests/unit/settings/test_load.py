"""Pulumi's flat configuration becomes settings."""

from __future__ import annotations

import json

import pytest

from shimyard.settings import SettingsError, load
from tests.unit.settings.stacks import VALID


def flat(raw: dict[str, object]) -> dict[str, str]:
    return {f"shimyard:{section}": json.dumps(value) for section, value in raw.items()}


def test_the_sections_of_a_stack_are_read_from_pulumis_json() -> None:
    settings = load(flat(VALID), stack="lab")

    assert [node.name for node in settings.nodes] == ["edge-1", "edge-2"]
    assert settings.runtime.own[0].version == "2.2.1"


def test_configuration_of_other_namespaces_is_left_alone() -> None:
    settings = load({**flat(VALID), "kubernetes:context": "x", "pulumi:tags": "{}"}, stack="lab")

    assert len(settings.nodes) == 2


def test_an_unknown_section_is_refused_with_the_stack_file_named() -> None:
    with pytest.raises(SettingsError) as caught:
        load({**flat(VALID), "shimyard:node": "[]"}, stack="shop")

    assert caught.value.fields == ["node"]
    assert "stacks/Pulumi.shop.yaml" in str(caught.value)
    assert "did you mean 'nodes'?" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["not json", "", "[" * 100_000, "9" * 5_000, "12", '"text"', "null"]
)
def test_a_section_that_is_no_table_is_refused_at_its_name(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({**flat(VALID), "shimyard:runtime": text}, stack="lab")

    assert caught.value.fields == ["runtime"]


def test_an_empty_configuration_asks_for_the_two_sections_that_have_no_default() -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, stack="lab")

    assert caught.value.fields == ["nodes", "runtime"]


def test_of_thousands_of_mistakes_only_the_first_are_told() -> None:
    raw = {**VALID, "files": [{} for _ in range(2_000)]}

    with pytest.raises(SettingsError) as caught:
        load(flat(raw), stack="lab")

    assert len(caught.value.fields) == 2_000
    assert str(caught.value).count("\n") < 60
    assert "more" in str(caught.value)
