"""A working Pulumi: where its programs are, and the environment that they need."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.kubernetes.plugin import KubernetesPlugin
from toolchain.version import Version

LAB_STACK = "lab"
# The lab holds no secret of value, and `make up` must not ask.
LAB_PASSPHRASE = "lab"  # noqa: S105

# Pulumi's own default is four a core, for programs that compute; machines are waited for.
_PARALLEL = "128"


def lab_backend(checkout: Path) -> Path:
    """The folder of the lab stack's state; it lives and dies with the lab."""
    return checkout.resolve() / ".lab" / "pulumi"


@dataclass(frozen=True)
class Toolchain:
    """A ``pulumi`` with its Python language host, and how this machine came by them.

    ``kubernetes`` is the provider plugin, where one was asked for; see ``with_kubernetes``.
    """

    pulumi: Path
    language_host: Path
    version: Version
    origin: str
    kubernetes: KubernetesPlugin | None = None

    def with_kubernetes(self, plugin: KubernetesPlugin) -> Toolchain:
        """The same with a Kubernetes provider, which ``env`` puts where the engine finds it."""
        return replace(self, kubernetes=plugin)

    @property
    def bin_paths(self) -> tuple[Path, ...]:
        """The folders that PATH needs, most important first."""
        folders = [self.pulumi.parent, self.language_host.parent]
        if self.kubernetes is not None and self.kubernetes.folder_for_path is not None:
            folders.append(self.kubernetes.folder_for_path)
        return tuple(dict.fromkeys(folders))

    def env(
        self, stack: str, checkout: Path, base: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The variables to add to ``base`` (default: this process's) for ``stack``.

        ``SHIMYARD_LANGUAGE_HOST_PYTHON`` is the Python that our own language host runs in; it is
        set if the Python that asks has the Pulumi SDK. ``PULUMI_PARALLEL``, if it is not set, lets
        128 machines work at a time. The lab stack gets a file backend in the
        checkout, whose folder is made here, and a passphrase of its own. Every other stack keeps
        the backend that the user is logged in to.
        """
        inherited = os.environ if base is None else base
        known = [part for part in inherited.get("PATH", os.defpath).split(os.pathsep) if part]
        added = [str(path) for path in self.bin_paths]
        variables = {
            "PATH": os.pathsep.join(added + [part for part in known if part not in added]),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_STACK": stack,
            "PULUMI_PARALLEL": inherited.get("PULUMI_PARALLEL", _PARALLEL),
        }
        if self.origin == "build" and _has_sdk():
            variables["SHIMYARD_LANGUAGE_HOST_PYTHON"] = sys.executable
        if stack == LAB_STACK:
            backend = lab_backend(checkout)
            backend.mkdir(parents=True, exist_ok=True)
            variables["PULUMI_BACKEND_URL"] = f"file://{backend}"
            variables["PULUMI_CONFIG_PASSPHRASE"] = LAB_PASSPHRASE
        return variables


def _has_sdk() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("pulumi", "grpc"))


def shell_exports(variables: Mapping[str, str]) -> str:
    """``export`` lines for a POSIX shell, one variable a line, each value quoted."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
