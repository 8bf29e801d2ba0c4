"""The order of choices, and what the user is told when none is left."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.unit.toolchain.stand_ins import install_pulumi
from toolchain.errors import DownloadError, GoMissingError, NothingWorkedError, OriginError
from toolchain.progress import Progress
from toolchain.selection import ensure

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Pulumi, Go and network."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("SHIMYARD_PULUMI_MIRROR", NOWHERE)
    monkeypatch.setenv("SHIMYARD_PULUMI_SHA256", "0" * 64)
    return folder


def test_a_pulumi_on_path_is_taken_first_and_the_choice_is_printed_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    folder = install_pulumi(tmp_path / "vendor", "v3.300.0")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    stream = io.StringIO()
    assert ensure(Progress(stream)).pulumi == folder / "pulumi"
    assert f"pulumi 3.300.0 (path): {folder / 'pulumi'}" in stream.getvalue()
    record = json.loads((cache / "toolchain.json").read_text())
    assert record == {
        "origin": "path",
        "version": "3.300.0",
        "pulumi": str(folder / "pulumi"),
        "language_host": str(folder / "pulumi-language-python"),
    }


@pytest.mark.usefixtures("bare")
def test_when_nothing_works_every_way_is_listed_with_its_reason() -> None:
    stream = io.StringIO()
    with pytest.raises(NothingWorkedError, match="no Go found") as caught:
        ensure(Progress(stream))
    assert list(caught.value.reasons) == ["download", "build"]
    assert NOWHERE in str(caught.value)


@pytest.mark.usefixtures("bare")
def test_the_only_allowed_way_raises_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "download")
    with pytest.raises(DownloadError):
        ensure(Progress(io.StringIO()))
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "build")
    with pytest.raises(GoMissingError, match="Install it from Debian"):
        ensure(Progress(io.StringIO()))


def test_an_old_pulumi_on_path_is_mentioned_before_the_next_way_is_tried(
    tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = install_pulumi(tmp_path / "old", "v3.1.0")
    monkeypatch.setenv("PATH", f"{old}:{bare}")
    stream = io.StringIO()
    with pytest.raises(NothingWorkedError):
        ensure(Progress(stream))
    assert f"not using {old / 'pulumi'}" in stream.getvalue()


def test_a_misspelt_choice_names_the_allowed_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "downlaod")
    with pytest.raises(OriginError, match="path, download, build"):
        ensure(Progress(io.StringIO()))
