"""Whatever servers send, the locked bytes arrive whole, or an error names the artifact."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.catalogue import Artifact
from shimyard.catalogue.fetch import FetchError, fetch
from tests.fuzz.answers import usable
from tests.fuzz.machine import TRANSACTION, Machine
from tests.fuzz.machine import artifact as stored
from tests.fuzz.profile import cases
from tests.unit.catalogue.test_artifact import entry
from tests.unit.catalogue.vendor_stand_in import Releases, serving

BEHAVIOURS = ["right", "other", "longer", "shorter", "truncated", "404", "500", "loop", "none"]
behaviours = st.lists(st.sampled_from(BEHAVIOURS), max_size=3)
contents = st.binary(min_size=1, max_size=3_000)


@pytest.fixture(scope="module")
def releases() -> Iterator[Releases]:
    with pytest.MonkeyPatch.context() as patch, serving() as running:
        patch.setenv("no_proxy", "127.0.0.1")
        yield running


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="shimyard-fuzz-") as made:
        yield Path(made)


def sources(releases: Releases, wanted: list[str], content: bytes) -> list[str]:
    """One URL for each behaviour."""
    for kept in (releases.files, releases.redirects, releases.statuses, releases.truncated):
        kept.clear()
    urls = []
    for number, behaviour in enumerate(wanted):
        path = f"{number}/file"
        bodies = {
            "other": bytes(len(content)),
            "longer": content * 200 + b"x",
            "shorter": content[:-1],
        }
        if behaviour != "none":
            releases.files[path] = bodies.get(behaviour, content)
        if behaviour == "truncated":
            releases.truncated.add(path)
        if behaviour in {"404", "500"}:
            releases.statuses[path] = int(behaviour)
        if behaviour == "loop":
            releases.redirects[path] = f"/{path}"
        urls.append(f"{releases.base}/{path}")
    return urls


def has_it(wanted: list[str], content: bytes) -> bool:
    return "right" in wanted or ("other" in wanted and not any(content))


@cases(200)
@given(behaviours, contents, st.booleans())
def test_the_controller_has_the_locked_bytes_or_nothing(
    releases: Releases, folder: Path, wanted: list[str], content: bytes, sized: bool
) -> None:
    locked: dict[str, Any] = entry(
        sha256=hashlib.sha256(content).hexdigest(), size=len(content) if sized else None
    )
    path = folder / "a" / "file"
    path.unlink(missing_ok=True)
    artifact, urls = Artifact.model_validate(locked), sources(releases, wanted, content)
    if has_it(wanted, content):
        fetch(artifact, urls, path)
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]
        return
    with pytest.raises(FetchError) as caught:
        fetch(artifact, urls, path)
    usable(caught.value)
    assert "containerd 2.2.1 amd64" in str(caught.value)
    assert list(path.parent.iterdir()) == []


@cases(60)
@given(behaviours, contents, st.booleans())
def test_a_node_stores_the_locked_bytes_or_says_what_it_needs(
    releases: Releases, folder: Path, wanted: list[str], content: bytes, sized: bool
) -> None:
    machine = _machine(folder)
    urls = tuple(sources(releases, wanted, content))
    size = len(content) if sized else None
    locked = stored(content, "raw", {"": "tool"}, size=size, urls=urls)
    machine.stage(locked)
    said = machine.run("fetch", TRANSACTION)
    assert said.code == 0
    words = {line[0] for line in said.lines}
    if has_it(wanted, content):
        assert "stored" in words
        assert (machine.store / locked.sha256 / "tool").read_bytes() == content
    else:
        (need,) = [line for line in said.lines if line[0] == "need"]
        assert need[1] == locked.sha256
        assert all(url in need[2] for url in urls)
        assert list(machine.store.iterdir()) == []


_machines: dict[Path, Machine] = {}


def _machine(folder: Path) -> Machine:
    if folder not in _machines:
        (folder / "machine").mkdir()
        _machines[folder] = Machine(folder / "machine")
    return _machines[folder]
