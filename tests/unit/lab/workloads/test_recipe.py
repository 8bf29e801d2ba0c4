"""The workloads' sources promise what the images and the cluster's manifests rely on."""

from __future__ import annotations

import re
import tomllib

from lab.workloads.recipe import CRATES, FILEPROC


def test_the_component_has_an_interface_of_its_own() -> None:
    world = (CRATES.folder / "greeter/wit/world.wit").read_text()
    assert re.search(r"^package shimyard:greeter@\d", world, re.MULTILINE)
    assert re.search(r"^\s+export greetings;", world, re.MULTILINE)


def test_components_are_built_for_size() -> None:
    profile = tomllib.loads((CRATES.folder / "Cargo.toml").read_text())["profile"]["release"]
    assert (profile["opt-level"], profile["lto"], profile["strip"]) == ("z", True, True)


def test_the_file_processor_needs_nothing_but_gos_standard_library() -> None:
    assert "require" not in (FILEPROC / "go.mod").read_text()
