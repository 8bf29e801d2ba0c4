"""How a machine gets the Pulumi CLI, its Python language host and, later, provider plugins."""

from toolchain.installation import Toolchain
from toolchain.selection import ensure

__all__ = ["Toolchain", "ensure"]
