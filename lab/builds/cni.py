"""The CNI reference plugins, the same set as in the vendor's archive."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lab.builds.archive import pack
from lab.builds.go import GoModule
from lab.builds.recipe import Arch, Recipe, Unpack

NAME = "github.com/containernetworking/plugins"
VERSION_PACKAGE = f"{NAME}/pkg/utils/buildversion.BuildVersion"
PLUGINS = {
    "ipam": ("dhcp", "host-local", "static"),
    "main": (
        "bridge",
        "dummy",
        "host-device",
        "ipvlan",
        "loopback",
        "macvlan",
        "ptp",
        "tap",
        "vlan",
    ),
    "meta": ("bandwidth", "firewall", "portmap", "sbr", "tuning", "vrf"),
}


def cni_recipe(arch: Arch) -> Recipe:
    """A flat archive ``cni-plugins-linux-<arch>-v<version>.tgz``."""
    version = GoModule("cni-plugins", NAME).version
    module = GoModule("cni-plugins", NAME, stamps=(f"{VERSION_PACKAGE}=v{version}",))
    file_name = f"cni-plugins-linux-{arch}-v{version}.tgz"
    packages = {name: f"plugins/{kind}/{name}" for kind in PLUGINS for name in PLUGINS[kind]}

    def make(out: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="cni-plugins-") as scratch:
            members: dict[str, Path] = {}
            for name, package in packages.items():
                members[name] = Path(scratch) / name
                module.build(package, members[name], arch)
            pack(out / file_name, members)

    return Recipe(
        name="cni-plugins",
        version=version,
        arch=arch,
        file_name=file_name,
        unpack=Unpack("tar.gz", {name: name for name in packages}),
        inputs=module.inputs,
        make=make,
        cold_seconds=40,
    )
