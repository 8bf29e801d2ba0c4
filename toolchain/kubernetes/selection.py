"""Which Kubernetes provider this machine uses: the vendor's, its download, else our stand-in."""

from __future__ import annotations

from collections.abc import Callable

from toolchain.errors import NothingWorkedError, PluginNotFoundError, ToolchainError
from toolchain.kubernetes.build import stand_in
from toolchain.kubernetes.download import from_vendor
from toolchain.kubernetes.found import from_machine
from toolchain.kubernetes.lock import KubernetesLock, load_kubernetes_lock
from toolchain.kubernetes.plugin import KubernetesPlugin
from toolchain.origins import allowed_origins
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
    allowed = allowed_origins()
    chosen = _available(lock, progress, allowed) or _made(lock, progress, allowed)
    kind = "a stand-in" if chosen.is_stand_in else "the vendor's"
    progress.line(
        f"kubernetes provider {chosen.version} ({chosen.origin}, {kind}): {chosen.program}"
    )
    return chosen


def _available(
    lock: KubernetesLock, progress: Progress, allowed: tuple[str, ...]
) -> KubernetesPlugin | None:
    if "path" in allowed:
        try:
            return from_machine(lock)
        except PluginNotFoundError:
            if allowed == ("path",):
                raise
    if "download" in allowed:
        found = from_vendor(lock, progress, fetch=False)
        if found is not None:
            return found
    return stand_in(lock, progress, build=False) if "build" in allowed else None


def _made(lock: KubernetesLock, progress: Progress, allowed: tuple[str, ...]) -> KubernetesPlugin:
    makers: dict[str, Callable[[], KubernetesPlugin | None]] = {
        "download": lambda: from_vendor(lock, progress),
        "build": lambda: stand_in(lock, progress),
    }
    reasons: dict[str, ToolchainError] = {}
    for origin, make in makers.items():
        if origin not in allowed:
            continue
        try:
            made = make()
        except ToolchainError as error:
            if len(allowed) == 1:
                raise
            progress.line(str(error))
            reasons[origin] = error
        else:
            if made is not None:
                return made
    raise NothingWorkedError(reasons, "Kubernetes provider")
