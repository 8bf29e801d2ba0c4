"""The node's program with K3s's own containerd, and with archives of images: whom it asks for what.

Stand-in: `ctr` is a script that notes its words and prints what the real one printed; the real one
is asked in tests/engine/cluster/test_embedded_containerd.py.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shimyard.node.scripts import PROGRAM

# All of the program but its last part, which carries a verb out.
PARTS = PROGRAM.partition("# --- one verb ---")[0]
PINNED = "io.cri-containerd.image=managed,io.cri-containerd.pinned=pinned"
IMAGES = f"""\
REF TYPE DIGEST SIZE PLATFORMS LABELS
site.invalid/greeter:1 application/vnd.oci.image sha256:aa 77.0 KiB wasi/wasm {PINNED}
site.invalid/pause:1 application/vnd.oci.image sha256:bb 1.0 KiB linux/amd64 {PINNED}
registry.lab/pulled:1 application/vnd.oci.image sha256:cc 1.0 KiB wasi/wasm -
"""
CTR = """\
#!/bin/sh
echo "${CONTAINERD_ADDRESS:--} $*" >>ROOT/asked
case $* in
*"images list") cat ROOT/images ;;
*"ROOT/broken.tar") echo "ctr: unrecognized image format" >&2; exit 1 ;;
*export*) [ ! -f ROOT/full ] || { echo "ctr: no space left" >&2; exit 1; } ;;
esac
"""


class Machine:
    """A machine's root with a `ctr`. ``own``: its containerd is the one that K3s brings."""

    def __init__(self, root: Path, *, own: bool) -> None:
        self.root = root
        self.asked = root / "asked"
        generation = root / "generation"
        generation.mkdir()
        (root / "images").write_text(IMAGES)
        brings = "\tcontainerd" if own else ""
        (generation / "manifest").write_text(f"unit\tk3s.service\tkubelet{brings}\n")
        folder = root / ("rancher/data/current/bin" if own else "bin")
        folder.mkdir(parents=True)
        (folder / "ctr").write_text(CTR.replace("ROOT", str(root)))
        (folder / "ctr").chmod(0o755)

    def run(self, script: str) -> tuple[int, str]:
        """Exit code, and what it says."""
        parts = PARTS.replace("/var/lib/rancher/k3s", f"{self.root}/rancher")
        head = f"generation={self.root}/generation\njournal={self.root}/journal\n"
        text = f"{parts}\nPATH={self.root}/bin:$PATH\n{head}find_containerd\n{script}\n"
        done = subprocess.run(
            ["sh", "-s"], input=text, capture_output=True, text=True, timeout=30, check=False
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def calls(self) -> list[str]:
        """What `ctr` was asked, without the root's path."""
        return self.asked.read_text().replace(f"{self.root}/", "").splitlines()

    @property
    def notes(self) -> str:
        return (self.root / "journal").read_text()


@pytest.mark.parametrize(
    ("own", "address"), [(False, "-"), (True, "/run/k3s/containerd/containerd.sock")]
)
def test_images_are_imported_by_the_containerd_of_the_unit_and_wasm_is_unpacked(
    tmp_path: Path, own: bool, address: str
) -> None:
    machine = Machine(tmp_path, own=own)
    assert machine.run(f"switch_import_images {tmp_path}/site.tar.zst") == (0, "")
    label = "--label io.cri-containerd.pinned=pinned"
    wasm, image = "--platform wasi/wasm", "generation/files/wasm.tar"
    assert machine.calls == [
        f"{address} -n k8s.io images import --all-platforms --no-unpack {label} site.tar.zst",
        f"{address} -n k8s.io images list",
        # Neither what others have pulled, nor what the kubelet unpacks by itself.
        f"{address} -n k8s.io images export --local {wasm} {image} site.invalid/greeter:1",
        f"{address} -n k8s.io images import --local {wasm} {label} {image}",
    ]


@pytest.mark.parametrize(
    ("archive", "full", "said"),
    [
        ("broken.tar", False, "ctr: unrecognized image format"),
        ("site.tar", True, "ctr: no space left"),
    ],
)
def test_an_archive_that_can_not_be_imported_fails_the_change_with_ctrs_words(
    tmp_path: Path, archive: str, full: bool, said: str
) -> None:
    machine = Machine(tmp_path, own=True)
    if full:
        (tmp_path / "full").touch()
    code, told = machine.run(
        f'switch_import_images {tmp_path}/{archive} || {{ echo "$reason"; exit 1; }}'
    )
    assert (code, told) == (1, f"the images of {archive} can't be imported\n")
    assert f"log\t{archive}\t{said}" in machine.notes


def test_a_handler_that_k3s_has_not_taken_up_is_not_proven(tmp_path: Path) -> None:
    machine = Machine(tmp_path, own=True)
    rendered = tmp_path / "rancher/agent/etc/containerd/config.toml"
    rendered.parent.mkdir(parents=True)
    table = '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes'
    rendered.write_text(f"version = 3\n{table}.wasmtime]\n{table}.second.options]\n")
    for handler, code in (("wasmtime", 0), ("second", 1), ("wasm", 1)):
        assert machine.run(f"is_served {handler}") == (code, "")
    code, told = machine.run('switch_canary second x x x x x 1 || { echo "$reason"; exit 1; }')
    assert code == 1
    assert told.startswith("K3s's containerd has no handler second: ")
    assert not machine.asked.exists()


def test_with_a_containerd_of_ours_nothing_is_rendered_by_anybody_else(tmp_path: Path) -> None:
    assert Machine(tmp_path, own=False).run("is_served whatever") == (0, "")


def test_guests_of_both_containerds_are_looked_for_where_both_are(tmp_path: Path) -> None:
    look = 'settled_guests() { echo "$bundles"; }\nown_containerd=%s\nbundles=%s\nall_guests'
    ours = tmp_path / "containerd" / "io.containerd.runtime.v2.task"
    own = tmp_path / "k3s" / "io.containerd.runtime.v2.task"
    machine = Machine(tmp_path, own=False)
    script = look % (own.parent, ours)
    assert machine.run(script) == (0, f"{ours}\n")
    own.mkdir(parents=True)
    assert machine.run(script) == (0, f"{own}\n")
    ours.mkdir(parents=True)
    assert machine.run(script) == (0, f"{own}\n{ours}\n")
