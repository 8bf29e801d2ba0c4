"""The checksum files of the vendors."""

from __future__ import annotations

import pytest

from shimyard.catalogue.checksums import checksum_for

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        (f"{A}  containerd.tar.gz\n", "containerd.tar.gz", A),
        (f"{A}  runc.amd64\n{B}  runc.arm64\n", "runc.arm64", B),
        (f"{A} *dist/x.tgz\r\n", "x.tgz", A),
        (f"{A}  ./release/x.tgz\n", "x.tgz", A),
        (f"{A.upper()}  x\n", "x", A),
        (f"{A}\n", "x", A),
        (f"# sums\n{A}  x\n", "x", A),
        (f"{A}  x\n{A}  other/x\n", "x", A),
        (f"{A}  x\n{B}  other/x\n", "x", None),
        (f"{A}  k3s-airgap\n", "k3s", None),
        (f"{A}\n{B}\n", "x", None),
        ("<html>not found</html>", "x", None),
        ("", "x", None),
    ],
)
def test_a_digest_is_found_by_the_whole_name_of_its_file(
    text: str, name: str, found: str | None
) -> None:
    assert checksum_for(text, name) == found
