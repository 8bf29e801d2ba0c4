"""Operations: the typed words of a plan. Each is data; the node's program carries them out."""

from shimyard.node.operations.base import Operation
from shimyard.node.operations.canaries import KeepCanary, RunCanary
from shimyard.node.operations.checks import CheckContainerdConfig, ExpectGeneration
from shimyard.node.operations.kubelet import (
    AwaitNode,
    ImportImages,
    LeavePods,
    RotateToken,
    SaveSnapshot,
)
from shimyard.node.operations.paths import (
    DeclareData,
    MakeFolder,
    PlaceFile,
    PlaceLink,
    RemoveData,
    RemoveFolder,
    RemovePath,
)
from shimyard.node.operations.services import (
    AdoptUnit,
    DisableUnit,
    EmptyRuntime,
    EnableUnit,
    EndOrphans,
    ReleaseUnit,
    ReloadUnits,
    RestartUnit,
    StopUnit,
)

__all__ = [
    "AdoptUnit",
    "AwaitNode",
    "CheckContainerdConfig",
    "DeclareData",
    "DisableUnit",
    "EmptyRuntime",
    "EnableUnit",
    "EndOrphans",
    "ExpectGeneration",
    "ImportImages",
    "KeepCanary",
    "LeavePods",
    "MakeFolder",
    "Operation",
    "PlaceFile",
    "PlaceLink",
    "ReleaseUnit",
    "ReloadUnits",
    "RemoveData",
    "RemoveFolder",
    "RemovePath",
    "RestartUnit",
    "RotateToken",
    "RunCanary",
    "SaveSnapshot",
    "StopUnit",
]
