"""K3s on lab nodes: the lab's stand-in, or whatever SHIMYARD_K3S_BINARY names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.builds.go import GoProgram
from lab.images.layout import export
from lab.images.packaging import classic_image, linux_image
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.workloads import build
from tests.lab.conftest import Place
from tests.lab.k3s.cluster import Cluster

PROBE = "docker.io/lab/probe:1"
PAUSE = "docker.io/rancher/mirrored-pause:3.6"
GREETER = "docker.io/lab/greeter:1"


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    chosen = os.environ.get("SHIMYARD_K3S_BINARY")
    return Path(chosen) if chosen else k3s_recipes("amd64")[0].build().path


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Image archives by file name; the probe plays the sandbox's pause too, under that name."""
    folder = tmp_path_factory.mktemp("images")
    GoProgram(Path(__file__).parent / "probe").build(folder / "probe", "amd64")
    program = (folder / "probe").read_bytes()
    probe, pause = (linux_image(path, program, "amd64") for path in ("/probe", "/pause"))
    greeter = next(each for each in build() if each.name == "greeter")
    component = classic_image(greeter.entrypoint, greeter.path.read_bytes())
    archives = {}
    for image, name in ((probe, PROBE), (pause, PAUSE), (component, GREETER)):
        path = folder / f"{name.rpartition('/')[2].replace(':', '-')}.tar"
        export(image, name, path)
        archives[path.name] = path
    return archives


@pytest.fixture(scope="module")
def cluster_lab(
    place: Callable[[int], Place], binary: Path, images: dict[str, Path]
) -> Iterator[Callable[[int], Cluster]]:
    """Makes a cluster's machines, as many as are asked for; no K3s runs on them yet."""
    labs: list[Lab] = []

    def make(nodes: int) -> Cluster:
        lab = place(6).lab(nodes)
        labs.append(lab)
        lab.up()
        return Cluster(lab, binary, images)

    yield make
    for lab in labs:
        lab.down()
