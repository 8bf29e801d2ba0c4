"""How a machine gets the Pulumi CLI, its Python language host and the Kubernetes provider."""

from toolchain.installation import Toolchain
from toolchain.kubernetes.plugin import KubernetesPlugin
from toolchain.kubernetes.selection import ensure_kubernetes
from toolchain.lab_stack import prepare_lab_stack
from toolchain.selection import ensure

__all__ = ["KubernetesPlugin", "Toolchain", "ensure", "ensure_kubernetes", "prepare_lab_stack"]
