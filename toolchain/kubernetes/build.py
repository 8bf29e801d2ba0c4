"""Third choice: our stand-in for the vendor's plugin, built from the Go module registry."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from toolchain.cache import cached, digest, output_folder
from toolchain.go import go_build
from toolchain.kubernetes.lock import KubernetesLock
from toolchain.kubernetes.plugin import PROGRAM, KubernetesPlugin
from toolchain.progress import Progress

MODULE = Path(__file__).parents[1] / "kubernetes-provider"
PRODUCT = "the stand-in for the Kubernetes provider"


def stand_in(
    lock: KubernetesLock, progress: Progress, *, build: bool = True
) -> KubernetesPlugin | None:
    """The plugin built from ``toolchain/kubernetes-provider``, some minutes the first time.

    It tells the version of the SDK that it stands in for. ``build=False`` only looks into the
    cache and returns None if it is not there. Raises GoMissingError, BuildError.
    """
    name, key = f"kubernetes-plugin-{lock.version}-stand-in", _key(lock)
    if not build and not output_folder(name, key).is_dir():
        return None

    def make(folder: Path) -> None:
        (folder / "bin").mkdir()
        target = folder / "bin" / PROGRAM
        go_build(MODULE, ".", target, stamps=[f"main.version={lock.version}"], product=PRODUCT)

    doing = f"building {PROGRAM} from Go modules (a stand-in, some minutes)"
    folder = cached(name, key, make, progress=progress, doing=doing)
    return KubernetesPlugin(folder / "bin" / PROGRAM, lock.version, "build")


def _key(lock: KubernetesLock) -> str:
    """What decides the program: versions, sources without their tests, platform."""
    sources = sorted(path for path in MODULE.rglob("*.go") if not path.name.endswith("_test.go"))
    parts: list[str | Path] = [lock.version, f"{sys.platform}-{platform.machine()}"]
    for path in (MODULE / "go.mod", MODULE / "go.sum", *sources):
        parts += [str(path.relative_to(MODULE)), path]
    return digest(*parts)
