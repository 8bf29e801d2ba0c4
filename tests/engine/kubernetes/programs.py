"""Small Pulumi programs that make one or a few objects in the test's namespace."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.kubernetes.apiserver import Kubectl
from tests.engine.program.project import Project, Run
from toolchain import Toolchain

# `cluster` is the provider, `opts` are options that name it, `ns` is the test's namespace.
_HEAD = """\
import json
import os

import pulumi
import pulumi_kubernetes as k8s

settings = json.loads(os.environ["TRIAL_PROVIDER"])
ns = os.environ["TRIAL_NAMESPACE"]
cluster = k8s.Provider("cluster", **settings)
opts = pulumi.ResourceOptions(provider=cluster)


def labels(name):
    return {"app": name}


def deployment(name, replicas=1, image="registry.example/app:1", **rest):
    return k8s.apps.v1.Deployment(
        name,
        metadata={"namespace": ns, "name": name, **rest.pop("metadata", {})},
        spec={
            "replicas": replicas,
            "selector": {"match_labels": labels(name)},
            "template": {
                "metadata": {"labels": labels(name)},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        },
        opts=rest.get("opts", opts),
    )


def config_map(resource, data, /, **metadata):
    return k8s.core.v1.ConfigMap(
        resource, metadata={"namespace": ns, **metadata}, data=data, opts=opts
    )


"""


@dataclass
class Program:
    """A project with one program and a provider; ``settings`` are the provider's arguments."""

    project: Project
    kubectl: Kubectl
    namespace: str
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def new(cls, tools: Toolchain, kubectl: Kubectl, namespace: str, parent: Path) -> Program:
        """An empty program in a folder below ``parent``."""
        folder = parent / "project"
        folder.mkdir()
        (folder / "python").symlink_to(sys.prefix)
        (folder / "Pulumi.yaml").write_text(
            "name: trial\nruntime:\n  name: python\n  options:\n    virtualenv: python\n"
        )
        made = cls(Project.init(tools, folder), kubectl, namespace)
        made.settings = {"kubeconfig": kubectl.kubeconfig.read_text()}
        made.project.environment["PULUMI_DEBUG_COMMANDS"] = "true"
        made.write("")
        return made

    def write(self, text: str) -> None:
        """Make ``text``, behind the common head, the program."""
        (self.project.folder / "__main__.py").write_text(_HEAD + text)

    def up(self, text: str | None = None, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi up`, of ``text`` if it is given."""
        self.prepare(text)
        return self.project.up(*arguments, status=status)

    def preview(self, text: str | None = None, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi preview --diff`, of ``text`` if it is given."""
        self.prepare(text)
        return self.project.preview(*arguments, status=status)

    def refresh(self, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi refresh`."""
        self.prepare(None)
        return self.project.refresh(*arguments, status=status)

    def destroy(self, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi destroy`."""
        self.prepare(None)
        return self.project.destroy(*arguments, status=status)

    def resource(self, kind: str) -> dict[str, Any]:
        """The one resource of a type, such as ``core/v1:ConfigMap``, in the state."""
        token = f"kubernetes:{kind}"
        all_of_them = self.project.resources()
        found = [each for each in all_of_them if each["type"] == token]
        assert len(found) == 1, [each["type"] for each in all_of_them]
        return found[0]

    def status_lines(self) -> list[str]:
        """The passing lines that the last command showed; it must have had `--event-log`."""
        events = (self.project.folder.parent / "events.json").read_text().splitlines()
        told = [json.loads(line).get("diagnosticEvent", {}) for line in events]
        return [each["message"].strip() for each in told if each.get("ephemeral")]

    @property
    def event_log(self) -> tuple[str, str]:
        """Arguments that write what `status_lines` reads."""
        path = self.project.folder.parent / "events.json"
        path.unlink(missing_ok=True)
        return ("--event-log", str(path))

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object of the test's namespace, as the API server has it."""
        return self.kubectl.get("-n", self.namespace, *arguments)

    def has(self, *arguments: str) -> bool:
        """Whether the test's namespace has the object."""
        return self.kubectl.has("-n", self.namespace, *arguments)

    def prepare(self, text: str | None) -> None:
        """Write ``text`` if it is given, and hand the settings to the next command."""
        if text is not None:
            self.write(text)
        self.project.environment["TRIAL_PROVIDER"] = json.dumps(self.settings)
        self.project.environment["TRIAL_NAMESPACE"] = self.namespace
