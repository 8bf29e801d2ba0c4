"""Which Kubernetes provider this machine uses: the vendor's, its download, else our stand-in."""

from __future__ import annotations

from toolchain.kubernetes.build import stand_in
from toolchain.kubernetes.download import from_vendor
from toolchain.kubernetes.found import from_machine
from toolchain.kubernetes.lock import load_kubernetes_lock
from toolchain.kubernetes.plugin import KubernetesPlugin
from toolchain.origins import choose
from toolchain.progress import Progress


def ensure_kubernetes(progress: Progress | None = None) -> KubernetesPlugin:
    """A Kubernetes provider plugin for this machine, made if need be.

    Order: the vendor's on PATH; the vendor's in Pulumi's plugin cache; what an earlier run
    downloaded or built; the vendor's download; a build of the stand-in.
    ``$SHIMYARD_TOOLCHAIN`` (``path``, ``download`` or ``build``) allows one of them only, as for
    the CLI; ``path`` includes Pulumi's cache. The choice is printed to ``progress``.

    Raises OriginError, LockError, the error of the only allowed origin, or NothingWorkedError.
    """
    progress = progress or Progress()
    lock = load_kubernetes_lock()
    chosen = choose(
        "Kubernetes provider",
        lambda: from_machine(lock),
        {
            "download": lambda work: from_vendor(lock, progress, fetch=work),
            "build": lambda work: stand_in(lock, progress, build=work),
        },
        progress,
    )
    kind = "a stand-in" if chosen.is_stand_in else "the vendor's"
    progress.line(
        f"kubernetes provider {chosen.version} ({chosen.origin}, {kind}): {chosen.program}"
    )
    return chosen
