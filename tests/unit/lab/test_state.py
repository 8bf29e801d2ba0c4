"""The state folder: never someone else's files, and a record that later commands can read."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.errors import StateFolderTakenError
from lab.settings import LabSettings
from lab.state import State


def test_a_folder_with_other_files_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StateFolderTakenError) as refused:
        State(tmp_path).claim(LabSettings(tmp_path))
    assert refused.value.found == ("thesis.tex",)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_only_the_toolchain_used_becomes_the_labs(tmp_path: Path) -> None:
    (tmp_path / "pulumi").mkdir()
    State(tmp_path).claim(LabSettings(tmp_path))
    assert State(tmp_path).recorded() == LabSettings(tmp_path)


def test_what_was_written_down_is_what_a_later_command_reads(tmp_path: Path) -> None:
    settings = LabSettings(tmp_path, "other1", IPv4Network("10.9.0.0/24"), 7)
    State(tmp_path).claim(settings)
    assert State(tmp_path).recorded() == settings


def test_no_lab_is_told_from_an_empty_folder(tmp_path: Path) -> None:
    assert State(tmp_path).recorded() is None


def test_removing_takes_what_other_rooms_put_there_too(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    State(folder).claim(LabSettings(folder))
    (folder / "anything").mkdir()
    (folder / "anything/file").write_text("x")
    (folder / "link").symlink_to(tmp_path)
    State(folder).remove()
    assert not folder.exists()
    assert tmp_path.exists()
