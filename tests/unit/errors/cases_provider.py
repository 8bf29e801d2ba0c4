"""What the provider refuses before it asks a machine, and what it says of one that is away."""

from __future__ import annotations

from typing import Any

from shimyard.node.containerd_config import containerd_config
from shimyard.node.errors import ConnectionFailedError
from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.messages import ApplyRequest, DeleteRequest, ReadRequest
from shimyard.provider.node_files import NodeFilesResource
from shimyard.provider.nodes import Nodes
from shimyard.settings import NodeSettings
from tests.unit.errors.scene import Provocation, Scene
from tests.unit.node.precompiled_programs import precompiled
from tests.unit.node.states import settings
from tests.unit.provider.engine import URN, KeptLog, checked, node, runtime

_FILE = {"path": "/etc/site.json", "content": "{}"}


def _files(scene: Scene) -> NodeFilesResource:
    return NodeFilesResource(Nodes(scene.folder), KeptLog())


def _runtime(scene: Scene) -> ContainerRuntimeResource:
    return ContainerRuntimeResource(Nodes(scene.folder), KeptLog())


def _inputs(*files: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"node": node(), "name": "site", "files": [*files], **changes}


def _computed(**changes: Any) -> Provocation:
    return lambda scene: _files(scene).computed(_inputs(**changes))


def _strange_name(scene: Scene) -> object:
    scene.write("models/a\tb", "")
    return _files(scene).computed(_inputs({"path": "/opt/models", "source": "models"}))


def _precompiled(version: str, wanted: str | None) -> Provocation:
    """With a program of this version of Wasmtime, which is ``wanted`` for another or for none."""
    engine = {} if wanted is None else {"precompiledFor": {"version": wanted}}

    def provoke(scene: Scene) -> object:
        scene.write("app.cwasm", precompiled(version))
        return _files(scene).computed(
            _inputs({"path": "/opt/app.cwasm", "source": "app.cwasm", **engine})
        )

    return provoke


def _another_model(scene: Scene) -> object:
    scene.write("model", "1")
    entry = {"path": "/opt/model", "source": "model", "sha256": "0" * 64}
    return _files(scene).computed(_inputs(entry))


def _changed_source(scene: Scene) -> object:
    scene.write("model", "1")
    shown = checked(_files(scene), _inputs({"path": "/opt/model", "source": "model"}))
    scene.write("model", "2")
    return _files(scene).desired(shown, recorded=False)


def _changed_lock(scene: Scene) -> object:
    shown = checked(_runtime(scene), {"node": node(), "runtime": runtime()})
    shown["artifacts"]["runc"]["sha256"] = "0" * 64
    return _runtime(scene).desired(shown, recorded=False)


def _infinite(scene: Scene) -> object:
    containerd = {"version": "2.2.1", "options": {"timeout": float("inf")}}
    return _runtime(scene).computed({"node": node(), "runtime": runtime(containerd=containerd)})


def _twice(scene: Scene) -> None:
    files = _files(scene)
    files._claim(URN, _inputs(_FILE))
    files._claim("urn:pulumi:dev::shimyard::shimyard-edge:node:NodeFiles::other", _inputs(_FILE))


def _cancelled(scene: Scene) -> object:
    nodes = Nodes(scene.folder)
    nodes.cancel()
    return nodes.facts(NodeSettings.model_validate(node()))


def _unreachable() -> ConnectionFailedError:
    return ConnectionFailedError(
        "bench-1",
        "connect",
        "no connection to admin@192.0.2.10 port 22: timed out",
        mend="check that the machine is on, its address, and the network between",
    )


def _gone(*, cancelled: bool = False) -> Provocation:
    def provoke(scene: Scene) -> None:
        files = _files(scene)

        def away(*_: object) -> object:
            files.nodes.cancelled = cancelled
            raise _unreachable()

        scene.patch.setattr(files.nodes, "session", away)
        files.delete(DeleteRequest(URN, "bench-1/files-site", _inputs(_FILE)))

    return provoke


def _cut_by_ourselves(scene: Scene) -> object:
    files = _files(scene)

    def away(*_: object) -> object:
        files.nodes.cancelled = True
        raise _unreachable()

    scene.patch.setattr(files.nodes, "session", away)
    return files.apply(ApplyRequest(URN, "", checked(files, _inputs(_FILE)), preview=False))


CASES: dict[str, Provocation] = {
    "an option that Shimyard sets itself": lambda _scene: containerd_config(
        settings(containerd={"version": "2.4.2", "options": {"root": "/srv"}})
    ),
    "an option that no file can hold": _infinite,
    "a source that is not there": _computed(files=[{"path": "/etc/x", "source": "none"}]),
    "a file name that can't be a path": _strange_name,
    "a program that is precompiled for another engine": _precompiled("44", "45.0.1"),
    "a program that is precompiled for nobody": _precompiled("45", None),
    "a resource name that is none": lambda scene: _files(scene).name_on_node({"name": "../site"}),
    "a file without content": _computed(files=[{"path": "/etc/x"}]),
    "a source that is not the one that is meant": _another_model,
    "a source that changes during up": _changed_source,
    "a lock that changes during up": _changed_lock,
    "two resources for one thing": _twice,
    "an import": lambda scene: _runtime(scene).read(ReadRequest(URN, "bench-1/x", {}, {})),
    "a cancelled run": _cancelled,
    "a run that is cancelled in an update": _cut_by_ourselves,
    "a run that is cancelled in a delete": _gone(cancelled=True),
    "a machine that is gone for a delete": _gone(),
}
