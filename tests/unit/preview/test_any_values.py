"""No log of the engine breaks a summary, whatever a program has put into its resources."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shimyard.preview.events import EventLogError, read_events
from shimyard.preview.markdown import markdown
from tests.unit.preview.logs import DEPLOYMENT, FILES, RUNTIME, SECRET, step, summary
from tests.unit.preview.reading import read_page

KEYS = [
    *("node", "name", "files", "path", "content", "secretContent", "digests", "sha256"),
    *("artifacts", "version", "effects", "drift", "spec", "/etc/a"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=15,
)
INPUTS = st.none() | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6)


STEPS = st.builds(
    step,
    st.sampled_from(["create", "update", "delete", "replace", "delete-replaced", "same", "new"]),
    st.sampled_from([RUNTIME, FILES, DEPLOYMENT, "shimyard-edge:cluster:Node", "a:b:C", ""]),
    st.text(max_size=20),
    INPUTS,
    INPUTS,
    outputs=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3),
    changed=st.dictionaries(
        st.sampled_from(["drift", 'files["/etc/a"]', "name"]), st.just("update")
    ),
)


@given(st.lists(STEPS, max_size=4))
def test_any_steps_become_a_summary_that_is_whole(steps: list[dict[str, Any]]) -> None:
    found = summary(*steps)
    assert json.dumps(found.as_json())
    assert read_page(markdown(found)).strange == []


@given(st.lists(st.text() | JSON.map(json.dumps), max_size=3))
def test_any_other_log_is_read_or_refused(lines: list[str]) -> None:
    with suppress(EventLogError):
        read_events(lines)
