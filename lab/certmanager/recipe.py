"""cert-manager's programs as images, and its chart, as their publisher's registry has them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.builds.go import GoProgram
from lab.builds.recipe import Arch
from lab.charts import Chart
from lab.images.packaging import linux_image, started_as
from lab.images.registry_client import RegistryClient
from toolchain.cache import cached, digest
from toolchain.progress import Progress

FOLDER: Final = Path(__file__).parent
MODULE: Final = "github.com/cert-manager/cert-manager"
PROGRAM: Final = "cert-manager"
REGISTRY: Final = "quay.io"
"""Where the publisher has it, by whose name the chart's images are pulled."""
_OWNER: Final = "jetstack"
_PROGRAMS: Final = ("acmesolver", "cainjector", "controller", "startupapicheck", "webhook")
# Not root, since the chart's pods must not be: the number of upstream's own images.
_USER: Final = "65532"


def cert_manager(arch: Arch, progress: Progress | None = None) -> Path:
    """The program for nodes of ``arch``, 87 MB; its first build takes four minutes.

    Errors: ``BuildError`` without Go; ``CommandError`` with its words.
    """
    program = GoProgram(FOLDER)

    def make(out: Path) -> None:
        program.build(out / PROGRAM, arch)

    key = digest(PROGRAM, arch, *program.inputs)
    return cached(f"{PROGRAM}-{arch}", key, make, progress=progress) / PROGRAM


def chart() -> Chart:
    """Upstream's own chart, out of its Go module's sources; CRDs are among its templates.

    Errors: as ``cert_manager``.
    """
    version = GoProgram(FOLDER).version_of(MODULE)
    return Chart.of_folder(sources() / "deploy/charts/cert-manager", f"v{version}")


def sources() -> Path:
    """The folder of upstream's sources of the pinned version. Errors: as ``cert_manager``."""
    return GoProgram(FOLDER).sources_of(MODULE)


def publish(registry_url: str, arch: Arch) -> Chart:
    """Push chart and images to a registry that stands for ``REGISTRY``; the chart.

    Errors: as ``cert_manager``, and ``RegistryRefusedError``.
    """
    made = chart()
    made.push(registry_url, f"{_OWNER}/charts")
    client = RegistryClient(registry_url)
    image = linux_image(f"/{PROGRAM}", cert_manager(arch).read_bytes(), arch)
    for name in _PROGRAMS:
        started = started_as(image, [f"/{PROGRAM}", name], user=_USER)
        client.push(started, f"{_OWNER}/cert-manager-{name}", made.version)
    return made
