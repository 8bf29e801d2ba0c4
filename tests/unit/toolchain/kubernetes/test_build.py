"""Our stand-in: built once for its sources, with the SDK's version."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tests.unit.toolchain.stand_ins import write_go
from toolchain.errors import BuildError, GoMissingError
from toolchain.kubernetes import build
from toolchain.kubernetes.lock import KubernetesLock, load_kubernetes_lock
from toolchain.kubernetes.plugin import PROGRAM
from toolchain.progress import Progress

# Writes its own arguments where the program should be.
RECORD = (
    'if [ "$1" = env ]; then echo go9.9.9; exit; fi\n'
    'all="$*"; while [ "$1" != -o ]; do shift; done; echo "$all" > "$2"'
)


def quiet() -> Progress:
    return Progress(io.StringIO())


@pytest.fixture
def path(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{bare}:/usr/bin:/bin")
    return bare


def test_the_stand_in_is_stamped_with_the_sdks_version_and_says_what_it_is(
    path: Path, lock: KubernetesLock
) -> None:
    write_go(path, RECORD)
    stream = io.StringIO()
    made = build.stand_in(lock, Progress(stream))
    assert made is not None
    assert made.is_stand_in
    assert made.folder_for_path == made.program.parent
    assert made.program.name == PROGRAM
    assert "-X main.version=4.34.2" in made.program.read_text()
    assert "a stand-in" in stream.getvalue()
    assert build.stand_in(lock, quiet(), build=False) == made


def test_a_changed_source_is_another_program_and_a_changed_test_is_not(
    path: Path, lock: KubernetesLock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_go(path, RECORD)
    module = tmp_path / "module"
    shutil.copytree(build.MODULE, module)
    monkeypatch.setattr(build, "MODULE", module)
    first = build.stand_in(lock, quiet())
    (module / "main_test.go").write_text("package main\n")
    assert build.stand_in(lock, quiet(), build=False) == first
    (module / "main.go").write_text((module / "main.go").read_text() + "// more\n")
    assert build.stand_in(lock, quiet(), build=False) is None


def test_a_failed_build_names_the_stand_in_and_leaves_nothing(
    path: Path, lock: KubernetesLock
) -> None:
    write_go(path, 'if [ "$1" = env ]; then echo go9.9.9; exit; fi\necho broken >&2; exit 1')
    with pytest.raises(BuildError, match=r"the stand-in for the Kubernetes provider[^$]*broken"):
        build.stand_in(lock, quiet())
    assert build.stand_in(lock, quiet(), build=False) is None


@pytest.mark.usefixtures("bare")
def test_without_go_the_mend_is_named(lock: KubernetesLock) -> None:
    with pytest.raises(GoMissingError, match="no Go found") as caught:
        build.stand_in(lock, quiet())
    assert "the stand-in for the Kubernetes provider" in str(caught.value)


def test_the_lock_and_the_sdk_have_the_same_version() -> None:
    requirements = (Path(build.__file__).parents[2] / "requirements.txt").read_text()
    assert f"\npulumi-kubernetes=={load_kubernetes_lock().version} " in requirements
