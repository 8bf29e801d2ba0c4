"""Operations on K3s and on the pods of its kubelet."""

from __future__ import annotations

from dataclasses import dataclass

from shimyard.node.operations.base import Operation


@dataclass(frozen=True)
class AwaitNode(Operation):
    """Wait until the cluster has heard from the node since ``unit`` started, and it is Ready."""

    node: str
    unit: str
    kubeconfig: str
    seconds: int

    def words(self) -> tuple[str, ...]:
        """await-node NODE UNIT KUBECONFIG SECONDS."""
        return ("await-node", self.node, self.unit, self.kubeconfig, str(self.seconds))


@dataclass(frozen=True)
class RotateToken(Operation):
    """Another token of the servers stands at ``path`` now, and there it stays.

    ``asks``: K3s takes it first, and encrypts its cluster's keys anew; else it has done so already.
    """

    path: str
    asks: bool

    def words(self) -> tuple[str, ...]:
        """rotate-token PATH ask|follow."""
        return ("rotate-token", self.path, "ask" if self.asks else "follow")

    def effect(self) -> str | None:
        """From then on, no server starts with the former one."""
        return "gives the cluster another server token" if self.asks else None


@dataclass(frozen=True)
class SaveSnapshot(Operation):
    """Save etcd by ``program``, the K3s that runs now, before another version takes over."""

    program: str
    name: str

    def words(self) -> tuple[str, ...]:
        """snapshot PROGRAM NAME."""
        return ("snapshot", self.program, self.name)


@dataclass(frozen=True)
class ImportImages(Operation):
    """Have containerd import an archive of images for the kubelet's pods."""

    path: str

    def words(self) -> tuple[str, ...]:
        """import-images PATH."""
        return ("import-images", self.path)


@dataclass(frozen=True)
class LeavePods(Operation):
    """End the pods that a kubelet leaves behind, and take their mounts, links and rules away."""

    unit: str

    def words(self) -> tuple[str, ...]:
        """leave UNIT."""
        return ("leave", self.unit)

    def effect(self) -> str:
        """Pods end."""
        return "ends all pods of the node"
