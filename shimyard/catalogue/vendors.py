"""How the vendors name their releases, and what they publish to check them by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal
from urllib.parse import quote

from shimyard.catalogue.artifact import Signature
from shimyard.settings.nodes import Arch

Format = Literal["tar.gz", "tar.xz", "raw"]
Pick = Callable[[Sequence[str]], dict[str, str]]
"""From the member paths of an archive to those that are installed, with their installed names."""

_GITHUB = "https://github.com"
_MACHINE: Mapping[Arch, str] = {"amd64": "x86_64", "arm64": "aarch64"}
_ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Release:
    """One file of a vendor's release.

    ``checksum_url`` names a file in `sha256sum` form that has a line for it; ``must_have_checksum``
    says whether that file is always there. ``signature`` is whose cosign signature the archive
    holds beside each binary ('x', 'x.sig', 'x.pem').
    """

    url: str
    format: Format
    pick: Pick
    checksum_url: str | None = None
    must_have_checksum: bool = False
    signature: Signature | None = None


def release_of(name: str, version: str, arch: Arch) -> Release | None:
    """What the vendor of ``name`` calls ``version`` for ``arch``; None for an unknown name."""
    vendor = _VENDORS.get(name)
    return None if vendor is None else vendor(version, arch)


def known_names() -> list[str]:
    """Names that ``release_of`` knows."""
    return list(_VENDORS)


def picked(rules: Mapping[str, str]) -> Pick:
    """Members by regular expression -> installed name (which may use the groups: r'\\1')."""
    compiled = {re.compile(rf"(?:\./)?{rule}"): installed for rule, installed in rules.items()}

    def pick(members: Sequence[str]) -> dict[str, str]:
        files: dict[str, str] = {}
        for rule, installed in compiled.items():
            for member in members:
                match = rule.fullmatch(member)
                if match:
                    files[member] = match.expand(installed)
        return files

    return pick


def _raw(installed: str) -> Pick:
    return lambda _members: {"": installed}


def _containerd(version: str, arch: Arch) -> Release:
    url = (
        f"{_GITHUB}/containerd/containerd/releases/download/v{version}/"
        f"containerd-{version}-linux-{arch}.tar.gz"
    )
    programs = {f"bin/{name}": name for name in ("containerd", "containerd-shim-runc-v2", "ctr")}
    return Release(url, "tar.gz", picked(programs), f"{url}.sha256sum", must_have_checksum=True)


def _runc(version: str, arch: Arch) -> Release:
    folder = f"{_GITHUB}/opencontainers/runc/releases/download/v{version}"
    return Release(
        f"{folder}/runc.{arch}",
        "raw",
        _raw("runc"),
        f"{folder}/runc.sha256sum",
        must_have_checksum=True,
    )


def _cni_plugins(version: str, arch: Arch) -> Release:
    url = (
        f"{_GITHUB}/containernetworking/plugins/releases/download/v{version}/"
        f"cni-plugins-linux-{arch}-v{version}.tgz"
    )
    plugins = {r"([a-z][a-z-]*)": r"\1"}
    return Release(url, "tar.gz", picked(plugins), f"{url}.sha256", must_have_checksum=True)


def _k3s(version: str, arch: Arch) -> Release:
    folder = f"{_GITHUB}/k3s-io/k3s/releases/download/{quote('v' + version)}"
    file = "k3s" if arch == "amd64" else f"k3s-{arch}"
    return Release(
        f"{folder}/{file}",
        "raw",
        _raw("k3s"),
        f"{folder}/sha256sum-{arch}.txt",
        must_have_checksum=True,
    )


def _k3s_images(version: str, arch: Arch) -> Release:
    folder = f"{_GITHUB}/k3s-io/k3s/releases/download/{quote('v' + version)}"
    return Release(
        f"{folder}/k3s-airgap-images-{arch}.tar.zst",
        "raw",
        _raw("k3s-airgap-images.tar.zst"),
        f"{folder}/sha256sum-{arch}.txt",
        must_have_checksum=True,
    )


def _runwasi_shim(runtime: str, version: str, arch: Arch) -> Release:
    shim = f"containerd-shim-{runtime}-v1"
    tag = quote(f"containerd-shim-{runtime}/v{version}", safe="")
    folder = f"{_GITHUB}/containerd/runwasi/releases/download/{tag}"
    return Release(
        f"{folder}/containerd-shim-{runtime}-{_MACHINE[arch]}-linux-musl.tar.gz",
        "tar.gz",
        picked({re.escape(shim): shim}),
        # Newer releases have it, older ones have only the signatures.
        f"{folder}/SHA256SUMS",
        signature=Signature(
            kind="cosign-keyless",
            identity=f"{_GITHUB}/containerd/runwasi/.github/workflows/action-build.yml"
            "@refs/heads/main",
            issuer=_ISSUER,
        ),
    )


def _spin_shim(version: str, arch: Arch) -> Release:
    shim = "containerd-shim-spin-v2"
    return Release(
        f"{_GITHUB}/spinframework/containerd-shim-spin/releases/download/v{version}/"
        f"{shim}-linux-{_MACHINE[arch]}.tar.gz",
        "tar.gz",
        picked({re.escape(shim): shim}),
    )


def _wasmtime(version: str, arch: Arch) -> Release:
    folder = f"wasmtime-v{version}-{_MACHINE[arch]}-linux"
    return Release(
        f"{_GITHUB}/bytecodealliance/wasmtime/releases/download/v{version}/{folder}.tar.xz",
        "tar.xz",
        picked({rf"{re.escape(folder)}/wasmtime": "wasmtime"}),
    )


def _wasmedge(version: str, arch: Arch) -> Release:
    folder = f"{_GITHUB}/WasmEdge/WasmEdge/releases/download/{version}"
    return Release(
        f"{folder}/WasmEdge-{version}-manylinux_2_28_{_MACHINE[arch]}.tar.gz",
        "tar.gz",
        picked(
            {
                r"[^/]+/bin/(wasmedgec?)": r"\1",
                # The program asks for the library by its short name, a link in the archive.
                r"[^/]+/lib(?:64)?/libwasmedge\.so\.(\d+)\.\d+\.\d+": r"libwasmedge.so.\1",
            }
        ),
    )


_VENDORS: Mapping[str, Callable[[str, Arch], Release]] = {
    "containerd": _containerd,
    "runc": _runc,
    "cni-plugins": _cni_plugins,
    "k3s": _k3s,
    "k3s-airgap-images": _k3s_images,
    "wasmtime": _wasmtime,
    "wasmedge": _wasmedge,
    "containerd-shim-spin": _spin_shim,
    "containerd-shim-wasmtime": partial(_runwasi_shim, "wasmtime"),
    "containerd-shim-wasmedge": partial(_runwasi_shim, "wasmedge"),
    "containerd-shim-wasmer": partial(_runwasi_shim, "wasmer"),
    "containerd-shim-wamr": partial(_runwasi_shim, "wamr"),
}
