"""How a machine gets the Pulumi CLI, its Python language host and, later, provider plugins."""

from toolchain.installation import Toolchain
from toolchain.lab_stack import prepare_lab_stack
from toolchain.selection import ensure

__all__ = ["Toolchain", "ensure", "prepare_lab_stack"]
