"""Programs of Debian's packages run out of nothing but what their images hold."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from dataclasses import replace

import pytest

from lab.builds.errors import BuildError
from lab.images.debian import DebianProgram
from lab.images.packaging import folder_image
from lab.nodes.base import node_architecture

pytestmark = pytest.mark.lab

JQ = DebianProgram(
    "/usr/bin/jq", ("jq", "libjq1", "libonig5", "libc6"), data=("/usr/share/doc/jq/copyright",)
)


def test_a_program_runs_with_nothing_but_its_libraries_and_data() -> None:
    folder = JQ.folder(node_architecture())
    ran = subprocess.run(
        ["chroot", str(folder), JQ.path, ".answer"],
        input='{"answer": 42}',
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "42\n"
    assert (folder / JQ.data[0].lstrip("/")).is_file()
    assert not (folder / "bin/sh").exists()


def test_an_image_holds_the_same_files_and_starts_the_program() -> None:
    arch = node_architecture()
    folder = JQ.folder(arch)
    image = JQ.image(arch)
    assert json.loads(image.config.data)["config"]["Entrypoint"] == [JQ.path]
    assert image.digest == folder_image(JQ.path, folder, arch).digest
    with tarfile.open(fileobj=io.BytesIO(image.layers[0].data)) as tar:
        packed = {member.name: member.mode for member in tar}
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert set(packed) == files
    assert packed[JQ.path.lstrip("/")] == 0o755


def test_a_library_that_no_package_has_is_named() -> None:
    lacking = replace(JQ, packages=("jq", "libjq1", "libc6"))
    with pytest.raises(BuildError, match=r"libonig\.so\.5: cannot open"):
        lacking.folder(node_architecture())


def test_a_package_that_apt_does_not_know_is_refused() -> None:
    unknown = replace(JQ, packages=(*JQ.packages, "shimyard-has-no-such-package"))
    with pytest.raises(BuildError, match="does not offer each of jq"):
        unknown.folder(node_architecture())
