"""Whatever stands in a stack file, the answer is settings or a SettingsError."""

from __future__ import annotations

import contextlib
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shimyard.settings import SettingsError, parse
from tests.unit.settings.stacks import WHERE, changed

QUICK = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

texts = st.one_of(
    st.text(max_size=20),
    st.text(alphabet=string.printable, max_size=20),
    st.sampled_from(["2.2.1", "wasmtime", "10.0.0.1", "/etc/x", "0644", "true", "a\nb", "\x00"]),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.dates(), st.binary(max_size=8)
)
names = st.one_of(
    texts,
    st.sampled_from(
        ["ssh", "nodes", "runtime", "artifacts", "files", "name", "address", "version", "shims"]
    ),
)
keys = st.one_of(names, st.integers(), st.none(), st.booleans(), st.floats(allow_nan=False))
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=25,
)

PATHS = [
    "ssh",
    "ssh.user",
    "ssh.bastion",
    "nodes",
    "nodes[0]",
    "nodes[0].ssh",
    "nodes[0].labels",
    "runtime",
    "runtime.containerd",
    "runtime.containerd.options",
    "runtime.registries",
    "runtime.registries[0].mirrors",
    "runtime.shims",
    "runtime.shims[0].options",
    "runtime.engines[0].config",
    "artifacts",
    "artifacts.mirrors",
    "files",
    "files[0]",
    "files[0].nodes",
]


@QUICK
@given(st.dictionaries(names, junk, max_size=6))
def test_a_file_of_junk_gets_a_message_and_no_traceback(raw: dict[str, Any]) -> None:
    with contextlib.suppress(SettingsError):
        parse(raw, where=WHERE)


@QUICK
@given(st.sampled_from(PATHS), junk)
def test_junk_in_one_field_gets_a_message_and_no_traceback(path: str, value: object) -> None:
    with contextlib.suppress(SettingsError):
        parse(changed(path, value), where=WHERE)


@QUICK
@given(st.text(max_size=60))
def test_a_refused_text_never_stands_in_the_message(text: str) -> None:
    canary = f"canary{text}canary"
    with pytest.raises(SettingsError) as caught:
        parse(changed("nodes[0].arch", canary), where=WHERE)
    assert canary not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["runtime.containerd.options", "nodes", "runtime.engines[0].config"]
)
def test_a_very_deep_value_gets_a_message(path: str) -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(SettingsError):
        parse(changed(path, {"a": deep}), where=WHERE)


def test_a_value_that_contains_itself_gets_a_message() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    raw = changed("runtime.shims[0].options", {})
    raw["runtime"]["shims"][0]["options"] = loop
    with pytest.raises(SettingsError):
        parse(raw, where=WHERE)
