"""Which Go builds the CLI, and what the built bundle holds."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.toolchain.stand_ins import write_go
from toolchain import build, go
from toolchain.errors import BuildError, GoMissingError
from toolchain.lock import load_lock
from toolchain.progress import Progress


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "go-bin"
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_a_new_enough_go_is_used_as_it_is(path: Path) -> None:
    write_go(path, "echo go1.26.8")
    assert go.go_environment("1.25.8")["GOTOOLCHAIN"] == "local"


def test_an_older_go_fetches_the_one_that_the_module_needs(path: Path) -> None:
    write_go(
        path, 'if [ "$GOTOOLCHAIN" = local ]; then echo go1.24.4; else echo "$GOTOOLCHAIN"; fi'
    )
    assert go.go_environment("1.25.8")["GOTOOLCHAIN"] == "go1.25.8"


@pytest.mark.parametrize("old", ["echo go1.19.8", "echo 'flag provided but not defined'; exit 2"])
def test_a_go_that_is_too_old_to_fetch_one_is_named_with_the_mend(path: Path, old: str) -> None:
    write_go(path, old)
    with pytest.raises(GoMissingError, match=r"needs Go 1\.25\.8.*Install it") as caught:
        go.go_environment("1.25.8")
    assert caught.value.needed == "1.25.8"


def test_the_bundle_has_the_cli_and_a_language_host_beside_it(path: Path) -> None:
    write_go(
        path,
        'if [ "$1" = env ]; then echo go9.9.9; exit; fi\n'
        'while [ "$1" != -o ]; do shift; done; echo "$GOTOOLCHAIN" > "$2"',
    )
    stream = io.StringIO()
    made = build.from_build(load_lock(), Progress(stream))
    assert made is not None
    assert made.origin == "build"
    assert made.language_host.parent == made.pulumi.parent
    assert made.language_host.stat().st_mode & 0o111
    library = made.pulumi.parent.parent / "lib" / "toolchain"
    assert (library / "language_host" / "__main__.py").is_file()
    assert not (library / "selection.py").exists()
    # All that it imports is there.
    asked = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(library.parent)!r}); "
         "import toolchain.language_host.server"],
        cwd=library, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    assert "building the Pulumi CLI 3.246.0 from Go modules" in stream.getvalue()
    assert build.from_build(load_lock(), Progress(io.StringIO()), build=False) == made


def test_a_failed_build_shows_its_last_lines_and_leaves_no_output(path: Path) -> None:
    write_go(
        path, 'if [ "$1" = env ]; then echo go9.9.9; exit; fi\necho "no such module" >&2; exit 1'
    )
    with pytest.raises(BuildError, match="no such module"):
        build.from_build(load_lock(), Progress(io.StringIO()))
    assert build.from_build(load_lock(), Progress(io.StringIO()), build=False) is None


def test_the_needed_go_is_the_one_of_the_module() -> None:
    assert f"\ngo {go.needed_go(build.MODULE)}\n" in (build.MODULE / "go.mod").read_text()
