"""What can go wrong while a machine gets its Pulumi and its Kubernetes provider."""

from __future__ import annotations

from pathlib import Path


class ToolchainError(Exception):
    """Root of the toolchain's errors; the message is a sentence that says how to mend it."""


class OriginError(ToolchainError):
    """``SHIMYARD_TOOLCHAIN`` names no way to get Pulumi."""

    def __init__(self, value: str, allowed: tuple[str, ...]) -> None:
        super().__init__(
            f"SHIMYARD_TOOLCHAIN is {value!r}: set it to one of {', '.join(allowed)}, or unset it."
        )
        self.value = value
        self.allowed = allowed


class NotOnPathError(ToolchainError):
    """PATH has no Pulumi that this project can use."""

    def __init__(self, reason: str, found: Path | None = None) -> None:
        super().__init__(
            f"no suitable pulumi on PATH: {reason}. Install one from the vendor, "
            "or unset SHIMYARD_TOOLCHAIN to have it downloaded or built."
        )
        self.reason = reason
        self.found = found


class LockError(ToolchainError):
    """``pulumi.lock.json`` is not what it must be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}. Restore the file from version control.")
        self.path = path
        self.reason = reason


class DownloadError(ToolchainError):
    """The vendor's archive could not be had, or is not the one that the lock names."""

    def __init__(self, url: str, reason: str, mirror: str = "SHIMYARD_PULUMI_MIRROR") -> None:
        super().__init__(
            f"download of {url} failed: {reason}. "
            f"Set {mirror} to a place that has the file, or SHIMYARD_TOOLCHAIN=build."
        )
        self.url = url
        self.reason = reason


class ChecksumError(DownloadError):
    """The downloaded bytes have another digest than the lock says."""

    def __init__(
        self, url: str, expected: str, found: str, mirror: str = "SHIMYARD_PULUMI_MIRROR"
    ) -> None:
        super().__init__(url, f"its sha256 is {found}, the lock says {expected}", mirror)
        self.expected = expected
        self.found = found


class NoChecksumError(ToolchainError):
    """The lock has no digest for this platform, so nothing is downloaded."""

    def __init__(self, platform: str, version: str) -> None:
        super().__init__(
            f"no sha256 of Pulumi {version} for {platform} is locked: set SHIMYARD_PULUMI_SHA256 "
            "to the digest that the vendor publishes, add an entry to toolchain/pulumi.lock.json, "
            "or set SHIMYARD_TOOLCHAIN=build."
        )
        self.platform = platform
        self.version = version


class PluginNotFoundError(ToolchainError):
    """Neither PATH nor Pulumi's plugin cache has the vendor's Kubernetes provider."""

    def __init__(self, version: str) -> None:
        super().__init__(
            "no pulumi-resource-kubernetes on PATH, and none in Pulumi's plugin cache: run "
            f"`pulumi plugin install resource kubernetes v{version}` where the vendor can be "
            "reached, or unset SHIMYARD_TOOLCHAIN to have a stand-in built."
        )
        self.version = version


class NoPluginChecksumError(ToolchainError):
    """The lock has no digest of the Kubernetes provider, so nothing is downloaded."""

    def __init__(self, platform: str, version: str) -> None:
        super().__init__(
            f"no sha256 of the Kubernetes provider {version} for {platform} is locked: set "
            "SHIMYARD_KUBERNETES_PLUGIN_SHA256 to the digest that the vendor publishes, add an "
            "entry to toolchain/kubernetes.lock.json, or set SHIMYARD_TOOLCHAIN=build."
        )
        self.platform = platform
        self.version = version


class GoMissingError(ToolchainError):
    """Building needs Go, and there is none that can do it."""

    def __init__(self, needed: str, found: str | None, product: str = "the Pulumi CLI") -> None:
        have = f"Go {found} is too old and could not fetch a newer one" if found else "no Go found"
        super().__init__(
            f"building {product} needs Go {needed}: {have}. Install it from Debian's "
            "backports (package golang-go) or from the Go project's archives, put it on PATH, and "
            f"run this again; or install {product} yourself and put it on PATH."
        )
        self.needed = needed
        self.found = found


class BuildError(ToolchainError):
    """``go build`` of the CLI or a plugin failed."""

    def __init__(self, status: int, tail: str, product: str = "the Pulumi CLI") -> None:
        super().__init__(
            f"go build of {product} ended with status {status}. Its last lines:\n{tail}\n"
            "If modules could not be fetched, set GOPROXY to a module proxy that you reach."
        )
        self.status = status
        self.tail = tail


class LabStackError(ToolchainError):
    """The lab's stack could not be created in its file backend."""

    def __init__(self, backend: Path, output: str) -> None:
        super().__init__(
            f"pulumi could not create the lab stack in {backend}:\n{output}\n"
            "If the state there is of no use any more, remove that folder and run this again."
        )
        self.backend = backend
        self.output = output


class NothingWorkedError(ToolchainError):
    """Every way to get Pulumi, or a plugin, failed; ``reasons`` has one error per way."""

    def __init__(self, reasons: dict[str, ToolchainError], product: str) -> None:
        lines = "\n".join(f"  {origin}: {error}" for origin, error in reasons.items())
        super().__init__(f"this machine has no way to a working {product}:\n{lines}")
        self.reasons = reasons
