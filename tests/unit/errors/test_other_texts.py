"""The errors of the toolchain and of the lab: one text of each class, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab import demo
from lab import errors as lab
from lab.builds import errors as builds
from lab.errors import LabError
from lab.images.registry_client import RegistryRefusedError
from shimyard.errors import ShimyardError
from tests.unit.errors.sites import error_classes
from toolchain import errors as toolchain
from toolchain.errors import ToolchainError
from toolchain.language_host.interpreter import InterpreterError

_URL = "https://vendor.example/pulumi.tar.gz"
_OUT = Path("/srv/lab")

# Each text says what is wrong, and what to do; the part that says so stands behind it.
TEXTS: dict[str, tuple[Callable[[], Exception], str, str]] = {
    "origin": (
        lambda: toolchain.OriginError("moon", ("path", "build")),
        "SHIMYARD_TOOLCHAIN is 'moon'",
        "set it to one of path, build, or unset it",
    ),
    "not on path": (
        lambda: toolchain.NotOnPathError("there is none"),
        "no suitable pulumi on PATH: there is none",
        "unset SHIMYARD_TOOLCHAIN to have it downloaded or built",
    ),
    "lock": (
        lambda: toolchain.LockError(Path("pulumi.lock.json"), "is not JSON"),
        "pulumi.lock.json: is not JSON",
        "Restore the file from version control",
    ),
    "download": (
        lambda: toolchain.DownloadError(_URL, "the server answers 404"),
        f"download of {_URL} failed: the server answers 404",
        "Set SHIMYARD_PULUMI_MIRROR to a place that has the file",
    ),
    "checksum": (
        lambda: toolchain.ChecksumError(_URL, "aa", "bb"),
        "its sha256 is bb, the lock says aa",
        "Set SHIMYARD_PULUMI_MIRROR to a place that has the file",
    ),
    "no checksum": (
        lambda: toolchain.NoChecksumError("linux-riscv64", "3.246.0"),
        "no sha256 of Pulumi 3.246.0 for linux-riscv64 is locked",
        "set SHIMYARD_PULUMI_SHA256",
    ),
    "no plugin": (
        lambda: toolchain.PluginNotFoundError("4.34.2"),
        "no pulumi-resource-kubernetes on PATH, and none in Pulumi's plugin cache",
        "pulumi plugin install resource kubernetes v4.34.2",
    ),
    "no checksum of the plugin": (
        lambda: toolchain.NoPluginChecksumError("linux-amd64", "4.34.2"),
        "no sha256 of the Kubernetes provider 4.34.2 for linux-amd64 is locked",
        "set SHIMYARD_KUBERNETES_PLUGIN_SHA256",
    ),
    "no go": (
        lambda: toolchain.GoMissingError("1.25.8", None),
        "building the Pulumi CLI needs Go 1.25.8: no Go found",
        "Install it from Debian's backports",
    ),
    "old go": (
        lambda: toolchain.GoMissingError("1.25.8", "1.19"),
        "Go 1.19 is too old and could not fetch a newer one",
        "put it on PATH, and run this again",
    ),
    "build of pulumi": (
        lambda: toolchain.BuildError(1, "no such module"),
        "go build of the Pulumi CLI ended with status 1. Its last lines:\nno such module",
        "set GOPROXY to a module proxy that you reach",
    ),
    "lab stack": (
        lambda: toolchain.LabStackError(Path("/srv/.lab/pulumi"), "error: locked"),
        "pulumi could not create the lab stack in /srv/.lab/pulumi:\nerror: locked",
        "remove that folder and run this again",
    ),
    "nothing worked": (
        lambda: toolchain.NothingWorkedError(
            {"path": toolchain.NotOnPathError("there is none")}, "pulumi"
        ),
        "this machine has no way to a working pulumi:\n  path: no suitable pulumi on PATH",
        "Install one from the vendor",
    ),
    "settings of a lab": (
        lambda: lab.SettingsError("name", "a/b", "use letters and digits"),
        "name can't be 'a/b'",
        "use letters and digits",
    ),
    "unfit host": (
        lambda: lab.HostUnfitError(["systemd-nspawn"], "apt-get install systemd-container"),
        "this machine lacks systemd-nspawn",
        "apt-get install systemd-container",
    ),
    "command": (
        lambda: lab.CommandError(["ip", "link"], 1, "Operation not permitted\n"),
        "`ip link` ended with 1; its last lines:",
        "Operation not permitted",
    ),
    "slow command": (
        lambda: lab.CommandError(["sleep", "9"], None, ""),
        "`sleep 9` took too long; its last lines:",
        "(it wrote nothing)",
    ),
    "taken folder": (
        lambda: lab.StateFolderTakenError(_OUT, ["thesis.tex"]),
        "/srv/lab holds files that no lab made (thesis.tex)",
        "choose another folder with --state",
    ),
    "somebody's bridge": (
        lambda: lab.BridgeTakenError("br0", None, None),
        "the interface br0 was not made by a lab",
        "choose another name with --name",
    ),
    "another lab's bridge": (
        lambda: lab.BridgeTakenError("br0", "lab", _OUT),
        "the bridge br0 belongs to the lab in /srv/lab",
        "python -m lab down --name br0 --state /srv/lab",
    ),
    "taken subnet": (
        lambda: lab.SubnetTakenError(IPv4Network("10.0.0.0/24"), IPv4Network("10.0.0.0/8"), "eth0"),
        "the subnet 10.0.0.0/24 overlaps 10.0.0.0/8 on eth0",
        "choose another with --subnet",
    ),
    "unknown node": (
        lambda: lab.UnknownNodeError("edge-9", ["edge-1"]),
        "there is no node 'edge-9' in this lab",
        "it has edge-1",
    ),
    "node that is off": (
        lambda: lab.NodeNotRunningError("edge-1"),
        "the node edge-1 is not running",
        "start it with `python -m lab up`",
    ),
    "not ready": (
        lambda: lab.NotReadyError("ssh on edge-1", 30, "refused"),
        "ssh on edge-1: not within 30 s",
        "last seen: refused",
    ),
    "left behind": (
        lambda: lab.LeftBehindError(["/srv/lab/root"]),
        "could not remove /srv/lab/root",
        "run `python -m lab down` again",
    ),
    "build of the lab": (
        lambda: builds.BuildError("rustc is not on PATH", mend="install rustup"),
        "rustc is not on PATH",
        "install rustup",
    ),
    "registry": (
        lambda: RegistryRefusedError("PUT /v2/x/blobs", 500, "disk full"),
        "PUT /v2/x/blobs: the registry answered 500: disk full",
        "see logs/registry.log in the lab's folder",
    ),
    "interpreter": (
        lambda: InterpreterError(Path("/x"), "names no Python. Make it with `make .venv`"),
        "names no Python",
        "Make it with `make .venv`",
    ),
    "demo": (
        lambda: demo.DemoError("edge-1 can't pull x; take the lab's stack up first: make up"),
        "edge-1 can't pull x",
        "take the lab's stack up first: make up",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_an_error_says_what_is_wrong_and_what_to_do(name: str) -> None:
    make, problem, mend = TEXTS[name]
    text = str(make())
    assert problem in text
    assert mend in text


def test_no_class_of_errors_is_without_a_tested_text() -> None:
    tested = {type(make()) for make, _, _ in TEXTS.values()}
    others = {each for each in error_classes() if not issubclass(each, ShimyardError)}
    assert {each.__name__ for each in others - tested} == set()
    assert all(issubclass(each, (ToolchainError, LabError)) for each in tested)
