"""Every error of the product is provoked, and its text is what a person reads in golden/."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from shimyard.errors import ShimyardError
from shimyard.node.errors import NodeError
from tests.unit.errors import (
    cases_catalogue,
    cases_cluster,
    cases_doctor,
    cases_locking,
    cases_node,
    cases_packaging,
    cases_preview,
    cases_provider,
    cases_settings,
)
from tests.unit.errors.scene import Provocation, Scene
from tests.unit.errors.sites import error_classes, made_at, sites

ROOMS: dict[str, dict[str, Provocation]] = {
    "settings": cases_settings.CASES,
    "catalogue": cases_catalogue.CASES,
    "locking": cases_locking.CASES,
    "provider": cases_provider.CASES,
    "node": cases_node.CASES,
    "cluster": cases_cluster.CASES,
    "doctor": cases_doctor.CASES,
    "preview": cases_preview.CASES,
    "packaging": cases_packaging.CASES,
}
CASES = [(room, name) for room, cases in ROOMS.items() for name in cases]
# Set to write the golden files anew; then read the difference as an operator would.
WRITE = "SHIMYARD_WRITE_GOLDEN" in os.environ

_tested: set[tuple[str, str]] = set()
_places: set[tuple[str, int]] = set()
_raised: set[type[Exception]] = set()


def golden(room: str) -> dict[str, str]:
    """Case -> text, from a file of "== case" headings."""
    path = Path(__file__).with_name("golden") / f"{room}.txt"
    parts = re.split(r"^== (.*)\n", path.read_text() if path.exists() else "", flags=re.MULTILINE)
    return {
        name: text.removesuffix("\n\n") for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def write(room: str, name: str, text: str) -> None:
    known = {**golden(room), name: text}
    path = Path(__file__).with_name("golden") / f"{room}.txt"
    path.write_text(
        "".join(f"== {each}\n{known[each]}\n\n" for each in ROOMS[room] if each in known)
    )


def provoked(provoke: Provocation, scene: Scene) -> ShimyardError:
    with made_at() as places, pytest.raises(ShimyardError) as caught:
        provoke(scene)
    _places.update(places)
    _raised.add(type(caught.value))
    return caught.value


@pytest.mark.parametrize(("room", "name"), CASES)
def test_an_error_says_what_is_wrong_and_how_to_mend_it(room: str, name: str, scene: Scene) -> None:
    error = provoked(ROOMS[room][name], scene)
    _tested.add((room, name))
    text = scene.told(str(error))
    if WRITE:
        write(room, name, text)
    assert text == golden(room).get(name)
    assert f"\n  mend: {error.mend}" in str(error)
    assert error.mend.strip()
    assert error.problem.strip()
    assert "Traceback" not in text
    if isinstance(error, NodeError):
        assert str(error).startswith(f"node {error.node}, step {error.step}: {error.cause}.")
        assert all((error.node, error.step, error.cause))


def test_every_place_that_raises_an_error_of_the_product_has_a_case() -> None:
    if len(_tested) < len(CASES):
        pytest.skip("only a part of the cases has run")
    untested = [
        str(site)
        for site in sites("shimyard")
        if not any(site.file == file and site.first <= line <= site.last for file, line in _places)
    ]
    assert untested == []
    classes = {each for each in error_classes() if issubclass(each, ShimyardError)}
    # A root of others, never raised by itself, is the only one without a text.
    assert {each.__name__ for each in classes - _raised} == set()
