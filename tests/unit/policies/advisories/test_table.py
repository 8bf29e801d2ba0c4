"""The table that comes with the pack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.nn.recipe import SHIM_VERSION
from lab.shims.recipes import VERSIONS
from policies.advisories.table import TABLE, Advisory, load_table
from policies.advisories.versions import Range
from shimyard.catalogue import BUILT_IN_LOCK
from shimyard.catalogue.lockfile import read_lock

CHECKOUT = Path(__file__).resolve().parents[4]
KNOWN = load_table()


def ids(artifact: str, version: str, arch: str = "amd64") -> set[str]:
    contents = KNOWN.contents(artifact, version)
    assert contents is not None
    return {each.id for each in KNOWN.concerning(contents, arch)}


def test_a_range_begins_and_ends_where_it_says() -> None:
    line = Range.parse(">=37.0.0 <42.0.2")
    assert [line.holds(v) for v in ("36.9.9", "37.0.0", "42.0.1", "42.0.2")] == [
        *(False, True, True, False)
    ]
    assert Range.parse("<0.16.0-alpha.3").holds("0.14.1")
    assert not Range.parse("<0.16.0-alpha.3").holds("0.16.0")


@pytest.mark.parametrize("text", ["", ">=1.0.0", "36.0.7", "<=1.0.0", "<x"])
def test_a_range_without_an_end_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no bound|has no end"):
        Range.parse(text)


@pytest.mark.parametrize("advisory", KNOWN.advisories, ids=lambda advisory: advisory.id)
def test_an_advisory_has_a_source_and_a_date_before_it_was_looked_up(advisory: Advisory) -> None:
    assert re.match(r"https://[\w.-]+/", advisory.source)
    assert advisory.date <= KNOWN.checked
    assert set(advisory.only) <= {"arch", "compiler", "gc"}


def test_every_part_that_advisories_are_about_is_in_something() -> None:
    parts = {part for contents in KNOWN.shims.values() for part in contents.parts}
    parts |= {part for engine in KNOWN.engines.values() for part in engine.parts}
    assert {advisory.part for advisory in KNOWN.advisories} <= parts


def test_ids_are_there_once() -> None:
    names = [advisory.id for advisory in KNOWN.advisories]
    assert len(names) == len(set(names))


def test_runwasis_wasmtime_shim_of_april_2025_has_what_was_found_since() -> None:
    found = ids("containerd-shim-wasmtime", "0.6.0", "arm64")
    assert found >= {"RUSTSEC-2026-0096", "RUSTSEC-2025-0118", "RUSTSEC-2026-0222"}
    # Winch is not what it compiles with, and copysign is about another architecture.
    assert not found & {"RUSTSEC-2026-0095", "RUSTSEC-2026-0089", "RUSTSEC-2026-0006"}
    assert "RUSTSEC-2026-0096" not in ids("containerd-shim-wasmtime", "0.6.0", "amd64")


def test_known_examples_end_with_the_versions_that_fixed_them() -> None:
    assert "RUSTSEC-2026-0006" in ids("wasmtime", "41.0.0")
    assert "RUSTSEC-2026-0006" not in ids("wasmtime", "41.0.1")
    assert "RUSTSEC-2026-0114" in ids("wasmtime", "43.0.1")
    assert "RUSTSEC-2026-0114" not in ids("wasmtime", "43.0.2")
    assert "RUSTSEC-2026-0114" not in ids("wasmtime", "29.0.1")
    assert "RUSTSEC-2026-0269" in ids("wasmtime", "45.0.1")
    assert "RUSTSEC-2026-0269" not in ids("wasmtime", "46.0.3")


def test_every_shim_that_shimyard_locks_or_builds_is_known() -> None:
    locked = {(item.name, item.version) for item in read_lock(BUILT_IN_LOCK)}
    shims = {key for key in locked if key[0].startswith("containerd-shim-")}
    engines = ("wasmtime", "wasmedge", "wasmer")
    shims |= {(f"containerd-shim-{name}", version) for name in engines for version in VERSIONS}
    shims.add(("containerd-shim-wasmtime", SHIM_VERSION))
    assert shims <= set(KNOWN.shims)


@pytest.mark.parametrize(
    ("engine", "folder", "versions"),
    [
        ("wasmtime", "shims", VERSIONS),
        ("wasmer", "shims", VERSIONS),
        ("wasmtime", "nn", (SHIM_VERSION,)),
    ],
)
def test_what_the_lab_builds_is_what_its_cargo_lock_says(
    engine: str, folder: str, versions: tuple[str, ...]
) -> None:
    text = (CHECKOUT / "lab" / folder / "Cargo.lock").read_text()
    found = re.search(rf'name = "{engine}"\nversion = "([^"]+)"', text)
    assert found is not None
    for version in versions:
        contents = KNOWN.contents(f"containerd-shim-{engine}", version)
        assert contents is not None
        assert contents.parts[engine] == found[1]


def test_a_table_that_is_not_well_formed_is_refused(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(TABLE.read_text())
    document["advisories"][0]["severity"] = "dreadful"
    broken = tmp_path / "table.json"
    broken.write_text(json.dumps(document))
    with pytest.raises(ValueError, match="'dreadful' is no severity"):
        load_table(broken)
