"""Whatever values a stack has, the answer is settings, or an error that names the field."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shimyard.settings import SettingsError, StackSettings, load, parse
from tests.fuzz.answers import answer
from tests.fuzz.everything import EVERYTHING
from tests.fuzz.places import places, removed, renamed, replaced
from tests.fuzz.profile import cases
from tests.fuzz.texts import encodable, json_junk, junk, keys, one_of, texts

WHERE = "stacks/Pulumi.fuzz.yaml"
PLACES = list(places(EVERYTHING))
SECTIONS = [*EVERYTHING, "nodes[0]", "x", ""]


def names_its_fields(answered: Any) -> None:
    if isinstance(answered, SettingsError):
        assert answered.fields
        assert all(f"  {field}: " in str(answered) for field in answered.fields[:50])


def test_every_field_of_the_settings_is_in_the_stack_that_is_broken_here() -> None:
    def fields(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
        if model in seen:
            return set()
        seen.add(model)
        definitions = model.model_json_schema(by_alias=True)
        tables = [definitions, *definitions.get("$defs", {}).values()]
        return {name for table in tables for name in table.get("properties", {})}

    used = {part for place in PLACES for part in place if isinstance(part, str)}
    assert fields(StackSettings, set()) - used == set()


@cases(900)
@given(st.dictionaries(st.one_of(st.sampled_from(SECTIONS), texts), junk, max_size=6))
def test_a_stack_of_junk_gets_a_message_and_no_traceback(raw: dict[str, Any]) -> None:
    names_its_fields(answer(lambda: parse(raw, where=WHERE), SettingsError))


@cases(1_500)
@given(one_of(PLACES), junk)
def test_junk_in_one_field_gets_a_message_and_no_traceback(place: Any, value: object) -> None:
    raw = replaced(EVERYTHING, place, value)
    names_its_fields(answer(lambda: parse(raw, where=WHERE), SettingsError))


@cases(600)
@given(one_of(PLACES), one_of(PLACES), keys)
def test_a_field_that_is_missing_moved_or_misspelt_gets_a_message(
    gone: Any, moved: Any, name: object
) -> None:
    for raw in (removed(EVERYTHING, gone), renamed(EVERYTHING, moved, name)):
        names_its_fields(answer(partial(parse, raw, where=WHERE), SettingsError))


@cases(300)
@given(st.text(max_size=60))
def test_a_refused_text_never_stands_in_the_message(text: str) -> None:
    canary = f"canary{text}canary"
    with pytest.raises(SettingsError) as caught:
        parse(replaced(EVERYTHING, ("nodes", 0, "arch"), canary), where=WHERE)
    assert canary not in str(caught.value)


@cases(700)
@given(
    st.dictionaries(
        st.one_of(st.sampled_from([f"shimyard:{name}" for name in SECTIONS]), texts),
        st.one_of(json_junk.map(json.dumps), texts, one_of(["[" * 50_000, "9" * 5_000])),
        max_size=5,
    )
)
def test_junk_in_pulumis_configuration_gets_a_message(config: dict[str, str]) -> None:
    names_its_fields(answer(lambda: load(config, stack="fuzz"), SettingsError))


@cases(500)
@given(one_of(PLACES), encodable)
def test_the_engine_and_a_stack_file_say_the_same_settings(place: Any, value: str) -> None:
    raw = replaced(EVERYTHING, place, value)
    if len(place) > 1:
        config = {f"shimyard:{section}": json.dumps(content) for section, content in raw.items()}
        one = answer(lambda: load(config, stack="fuzz"), SettingsError)
        other = answer(lambda: parse(raw, where=WHERE), SettingsError)
        if isinstance(one, SettingsError):
            assert isinstance(other, SettingsError)
            assert one.fields == other.fields
        else:
            assert one == other
