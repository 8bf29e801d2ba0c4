"""YAML files as part of a program."""

from __future__ import annotations

from tests.engine.kubernetes.programs import Program

YAML = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: first, namespace: {namespace}}}
data: {{a: "1"}}
---
# only a comment
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {{name: second, namespace: {namespace}}}
  data: {{a: "2"}}
"""


def write(program: Program) -> None:
    text = YAML.format(namespace=program.namespace)
    (program.project.folder / "objects.yaml").write_text(text)


def test_a_config_file_makes_all_its_objects(program: Program) -> None:
    write(program)
    text = 'k8s.yaml.ConfigFile("file", file="objects.yaml", opts=opts)'
    assert "first" in program.preview(text).output
    program.up()
    assert program.get("configmap", "first")["data"] == {"a": "1"}
    assert program.get("configmap", "second")["data"] == {"a": "2"}
    assert "5 unchanged" in program.up().output
    program.destroy()
    assert not program.has("configmap", "first")


def test_a_config_group_of_version_2_makes_all_its_objects(program: Program) -> None:
    write(program)
    program.up(
        'k8s.yaml.v2.ConfigGroup("group", yaml=open("objects.yaml").read(), opts='
        "pulumi.ResourceOptions(providers=[cluster], provider=cluster))"
    )
    assert program.get("configmap", "first")["data"] == {"a": "1"}
    assert program.get("configmap", "second")["data"] == {"a": "2"}
    program.destroy()
    assert not program.has("configmap", "first")
