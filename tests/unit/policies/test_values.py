"""What the engine sends becomes plain values in which secrets and unknowns are still told."""

from __future__ import annotations

from policies.values import UNKNOWN, Secret, decoded, items, mapping, texts

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_a_secret_is_still_one_and_does_not_print_itself() -> None:
    found = decoded({"a": [{SIGNATURE: SECRET, "value": {"b": "hush"}}]})
    assert found == {"a": [Secret({"b": "hush"})]}
    assert "hush" not in repr(found)


def test_an_unknown_value_is_no_text() -> None:
    assert decoded({"a": UNKNOWN_TEXT})["a"] is UNKNOWN
    assert decoded({SIGNATURE: OUTPUT}) is UNKNOWN
    assert decoded({SIGNATURE: OUTPUT, "secret": True}) == Secret(UNKNOWN)
    assert decoded({SIGNATURE: OUTPUT, "value": 3}) == 3


def test_an_asset_is_nothing_that_a_rule_reads() -> None:
    assert decoded({"a": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "x"}}) == {
        "a": None
    }


def test_texts_come_with_their_place_and_without_secrets() -> None:
    value = {"a": [{"b": "one"}, Secret("two")], "c": UNKNOWN, "d": 4}
    assert list(texts(value)) == [("a[0].b", "one")]


def test_a_value_of_another_kind_has_no_parts() -> None:
    assert mapping("text") == {}
    assert mapping(Secret({"a": 1})) == {"a": 1}
    assert items(UNKNOWN) == []
    assert items(Secret([1])) == [1]
