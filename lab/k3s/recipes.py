"""The K3s stand-in in two minor versions, each one file that brings its containerd, as K3s does."""

from __future__ import annotations

import struct
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.builds.archive import pack
from lab.builds.cni import cni_recipe
from lab.builds.containerd import containerd_recipes
from lab.builds.go import GoProgram
from lab.builds.recipe import Arch, Recipe, Unpack
from lab.builds.runc import runc_recipe

FOLDER = Path(__file__).parent
KUBERNETES = "k8s.io/kubernetes"
PINS = ("go.mod", "go-1.35.mod")
ASSETS: Mapping[Arch, str] = {"amd64": "k3s", "arm64": "k3s-arm64"}
"""The names of K3s' own release assets."""

PLUGINS = ("bandwidth", "bridge", "firewall", "host-local", "loopback", "portmap", "ptp")
MAGIC = b"K3SLABv1"
COLD_SECONDS = {"go.mod": 450, "go-1.35.mod": 400}


def k3s_recipes(arch: Arch) -> tuple[Recipe, ...]:
    """One recipe a minor version, the newest first; versions as K3s', such as 1.36.3+k3s1."""
    return tuple(_recipe(pins, arch) for pins in PINS)


def _recipe(pins: str, arch: Arch) -> Recipe:
    kubernetes = GoProgram(FOLDER, pins).version_of(KUBERNETES)
    version = f"{kubernetes}+k3s1"
    program = GoProgram(FOLDER, pins, stamps=_stamps(kubernetes, version))
    bundled = _bundled(arch)

    def make(out: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="k3s-") as scratch:
            bundle = Path(scratch) / "bundle.tar.gz"
            _pack_bundle(bundle, bundled, Path(scratch))
            program.build(out / ASSETS[arch], arch)
            append_bundle(out / ASSETS[arch], bundle)

    return Recipe(
        name="k3s",
        version=version,
        arch=arch,
        file_name=ASSETS[arch],
        unpack=Unpack("raw", {"": "k3s"}),
        inputs=(*program.inputs, *PLUGINS, *(each.key for each in bundled)),
        make=make,
        cold_seconds=COLD_SECONDS[pins],
    )


def append_bundle(program: Path, bundle: Path) -> None:
    """Put ``bundle`` behind the bytes of ``program``, where ``bundle/bundle.go`` looks for it."""
    content = bundle.read_bytes()
    with program.open("ab") as end:
        end.write(content + struct.pack(">Q", len(content)) + MAGIC)


def _stamps(kubernetes: str, version: str) -> tuple[str, ...]:
    major, minor, _ = kubernetes.split(".", 2)
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return (
        f"main.kubernetesVersion={kubernetes}",
        *(f"{package}.gitVersion=v{version}" for package in packages),
        *(f"{package}.gitMajor={major}" for package in packages),
        *(f"{package}.gitMinor={minor}" for package in packages),
    )


def _bundled(arch: Arch) -> tuple[Recipe, Recipe, Recipe]:
    return (containerd_recipes(arch)[0], cni_recipe(arch), runc_recipe(arch))


def _pack_bundle(bundle: Path, bundled: tuple[Recipe, Recipe, Recipe], scratch: Path) -> None:
    containerd, plugins, runc = (recipe.build() for recipe in bundled)
    members = {"runc": runc.path}
    for artifact, names in (
        (containerd, dict(containerd.unpack.files)),
        (plugins, {name: name for name in PLUGINS}),
    ):
        with tarfile.open(artifact.path) as archive:
            for member, name in names.items():
                archive.extract(member, scratch, filter="data")
                members[name] = scratch / member
    pack(bundle, members)
