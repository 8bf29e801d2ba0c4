"""Texts and values that have broken somebody's program before."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

NASTY = [
    "", " ", "\n", "\r\n", "a\nb", "a\n", "\t", "\0", "\x01", "\x1b[2J", "\x7f", "\x85", "\u2028",
    "\ufeff", "\u202e", "\U0010ffff", "\u0663", "\uff11", "\u00b2", "\u00e4", "a\u0301",
    '"', "'", '"""', "'''", "\\", "\\n", "\\u0000", "]", "]]", "[", "[[x]]", "{", "}", "#", "=",
    "{{ x }}", "{{", "}}", "{% raw %}", "{%", "{# x #}", "${x}", "$(id)", "`id`", "; id", "| id",
    "%s", "%%", "%h", "%n", "{0}", "../x", "..", ".", "/", "//", "-", "--", "--help", "-rf", "~",
    "~nobody-here/x", "*", "?", "a b", " a", "a ", "\\ta", "null", "true", "yes", "1e999", "0x1f",
    "9" * 5_000, "0x" + "f" * 5_000, "1:" * 50 + "1", "x" * 5_000, "a.b", "a:b", "a@b", "a/b",
    "http://", "http://[", "http://h:99999/", "http://h/{a,b}", "file:///etc/passwd", "2.2.1",
    "10.0.0.1", "/etc/x", "0644", "4755", "wasmtime", "edge-1",
]  # fmt: skip


def one_of(values: Sequence[T]) -> st.SearchStrategy[T]:
    """One of ``values``, which may be too long to be shown in a failure's report."""
    return st.sampled_from(range(len(values))).map(lambda index: values[index])


texts = st.one_of(
    one_of(NASTY),
    st.text(max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(alphabet=string.printable, max_size=20),
    st.tuples(one_of(NASTY), one_of(NASTY)).map("".join),
)
"""Any text, with half surrogates too, which no file can hold."""

encodable = texts.filter(lambda text: text.isascii() or _encodes(text))
"""Any text that a file can hold."""

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.dates(), st.binary(max_size=8)
)
keys = st.one_of(
    texts, st.integers(), st.none(), st.booleans(), st.floats(allow_nan=False), one_of([16**5_000])
)
junk: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=15,
)
"""What a YAML file can hold, and more."""

json_junk: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), encodable),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(encodable, inner, max_size=4)
    ),
    max_leaves=12,
)
"""What a JSON file can hold."""


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
