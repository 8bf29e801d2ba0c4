"""What goes through Pulumi's protocol comes out as it went in."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from shimyard.provider.values import (
    UNKNOWN,
    Secret,
    decode,
    differences,
    encode,
    has_unknown,
    revealed,
)
from tests.fuzz.profile import cases
from tests.fuzz.texts import encodable

SIGNS = {rpc._special_sig_key, rpc.UNKNOWN}
names = encodable.filter(lambda name: name not in SIGNS)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    names,
    st.just(UNKNOWN),
)
values: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(names, inner, max_size=4),
        st.builds(Secret, inner),
    ),
    max_leaves=20,
)
properties = st.dictionaries(names, values, max_size=5)


def secrets(value: Any) -> bool:
    if isinstance(value, dict):
        return any(secrets(item) for item in value.values())
    if isinstance(value, list):
        return any(secrets(item) for item in value)
    return isinstance(value, Secret)


@cases(500)
@given(properties)
def test_what_is_sent_is_what_arrives(sent: dict[str, Any]) -> None:
    arrived = decode(encode(sent))
    assert arrived == sent
    assert decode(encode(arrived)) == arrived
    assert list(arrived) == sorted(sent)


@cases(300)
@given(properties)
def test_a_value_does_not_differ_from_itself_unless_it_is_unknown(sent: dict[str, Any]) -> None:
    assert list(differences(sent, sent)) == [] or has_unknown(sent)


@cases(300)
@given(properties, properties)
def test_two_values_differ_in_both_directions_or_in_none(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    there, back = list(differences(old, new)), list(differences(new, old))
    if not (has_unknown(old) or has_unknown(new)):
        assert (there == []) == (old == new)
        assert sorted(path for path, _ in there) == sorted(path for path, _ in back)


@cases(300)
@given(properties)
def test_nothing_stays_secret_after_a_reveal(sent: dict[str, Any]) -> None:
    assert not secrets(revealed(sent))
    assert has_unknown(revealed(sent)) == has_unknown(sent)


@cases(200)
@given(properties)
def test_no_secret_is_shown(sent: dict[str, Any]) -> None:
    canary = "canary-of-a-secret"
    assert canary not in repr({"a": Secret([canary, sent]), "b": [Secret({canary: sent})]})
