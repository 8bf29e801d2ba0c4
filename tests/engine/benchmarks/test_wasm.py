"""Wasm is measured beside an ordinary container to the end, and what does not run is no figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import toolchain
from benchmarks.containers.kinds import AOT, JIT, ORDINARY, kinds
from benchmarks.containers.machine import machine
from benchmarks.containers.rounds import CONNECTIONS, measure
from benchmarks.errors import BenchmarkError
from benchmarks.report.claims import claims
from benchmarks.size import wasm_opt
from lab.images.packaging import linux_image, wasm_layer_image
from shimyard.packaging import shrink
from tests.lab.conftest import Place
from toolchain.progress import Progress

pytestmark = pytest.mark.lab


def test_all_kinds_are_measured_a_shrunk_one_answers_and_one_that_ends_is_refused(
    tmp_path: Path, place: Callable[[int], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "build")
    every = kinds()
    ordinary = next(kind for kind in every if kind.name == ORDINARY)
    broken = replace(ordinary, image=linux_image("/greeter", b"no program", "amd64"))
    compiled = next(kind for kind in every if kind.name == AOT)
    (component,) = compiled.image.layers
    smaller = shrink(component.data, wasm_opt())
    assert len(smaller) < 0.9 * len(component.data)
    shrunk = replace(compiled, image=wasm_layer_image("/greeter.wasm", smaller))
    pulumi, lab = toolchain.ensure(), place(6).lab(1)
    with machine(pulumi, (*every, broken, shrunk), lab, tmp_path / "stack", Progress()) as node:
        part = measure(
            node, every, starts=1, rounds=1, counts=[2], load_seconds=1, tell=lambda _: None
        )
        node.have(shrunk)
        node.start(shrunk)
        node.stop()
        node.have(broken)
        with pytest.raises(BenchmarkError, match="has ended by itself"):
            node.start(broken)
    samples = part["samples"]
    assert list(samples) == [AOT, JIT, ORDINARY]
    for kind in samples.values():
        ((cold,), (warm,), (two,)) = kind["cold"], kind["warm"], kind["many"]["2"]
        assert cold["seconds"] > 0
        assert warm["seconds"] > 0
        assert cold["disk"] > 10_000
        assert two["bytes"]["containers"] > 100_000
        assert two["bytes"]["shims"] > 1_000_000
        assert two["bytes"]["cgroups"] > 100_000
        assert two["bytes"]["nodes"] > two["bytes"]["cgroups"]
        assert all(kind["load"][str(each)][0]["rate"] > 10 for each in CONNECTIONS)
    # What is compiled once is kept beside the component, and a Wasm process holds its engine.
    once, in_place, ordinary_one = (samples[name] for name in (AOT, JIT, ORDINARY))
    assert once["cold"][0]["disk"] > 2 * in_place["cold"][0]["disk"]
    assert (
        in_place["many"]["2"][0]["bytes"]["cgroups"]
        > once["many"]["2"][0]["bytes"]["cgroups"]
        > ordinary_one["many"]["2"][0]["bytes"]["cgroups"]
    )
    assert len(claims(part)) == 7
