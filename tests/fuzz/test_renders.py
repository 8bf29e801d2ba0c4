"""What validation lets through reaches each file and each line of a plan as it was written."""

from __future__ import annotations

import base64
import configparser
import io
import json
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from shimyard.catalogue import artifacts_of
from shimyard.errors import ShimyardError
from shimyard.node.bundle import bundle
from shimyard.node.container_runtime import container_runtime
from shimyard.node.containerd_config import (
    OptionConflictError,
    containerd_config,
    hosts_config,
    hosts_path,
)
from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.node.facts import Facts
from shimyard.node.k3s import UNITS, Membership, k3s
from shimyard.node.k3s_config import k3s_config
from shimyard.node.node_files import FileSet
from shimyard.node.operations.base import plan_line
from shimyard.node.planning import plan
from shimyard.rendering import render_toml, yaml_value
from shimyard.settings import (
    RegistrySettings,
    RuntimeSettings,
    SettingsError,
    StackSettings,
    parse,
)
from tests.fuzz.everything import EVERYTHING
from tests.fuzz.places import at, places, renamed, replaced
from tests.fuzz.profile import cases
from tests.fuzz.texts import encodable, json_junk, one_of, texts

FREE_TABLES = [
    ("runtime", "containerd", "options"),
    ("runtime", "shims", 0, "options"),
    ("runtime", "engines", 0, "config"),
]
ROLES = tuple(UNITS)
LONGEST_KEY = 1024
CONFIG_TABLES = [("cluster", "serverConfig"), ("cluster", "agentConfig")]
RENDERED = ("nodes", "runtime", "artifacts", "files", "cluster")
"""The sections that become files of a machine."""
TEXTS = [
    place
    for place in places(EVERYTHING)
    if isinstance(at(EVERYTHING, place), str) and place[0] in RENDERED and "ssh" not in place
]
NAMES = [("nodes", 0, "labels", "lab.example/site"), *[(*place, "x") for place in FREE_TABLES]]
numbers = st.one_of(
    st.integers(-(2**53), 2**53), st.floats(-(2.0**53), 2.0**53), st.sampled_from([0.1, -0.0, 1e-9])
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(encodable, st.booleans(), numbers),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(encodable, inner, max_size=3)
    ),
    max_leaves=10,
)
tables = st.dictionaries(encodable, values, max_size=4)


def stored(runtime: RuntimeSettings) -> list[StoredArtifact]:
    return [
        StoredArtifact(
            need.name, need.version, f"{index:064x}", 10, "tar.gz",
            ((f"bin/{need.name}", need.name), ("lib/x.so.1", f"lib{index}.so.1")),
            ("https://mirror.lab/x",),
        )
        for index, need in enumerate(artifacts_of(runtime, "amd64"))
    ]  # fmt: skip


def files(state: DesiredState) -> dict[str, str]:
    return {file.path: file.read().decode() for file in state.files}


def same_toml(runtime: RuntimeSettings, texts: dict[str, str]) -> None:
    """Every TOML file says what its model says."""
    config = tomllib.loads(texts["/etc/containerd/config.toml"])
    assert config == containerd_config(runtime)
    handlers = config["plugins"]["io.containerd.cri.v1.runtime"]["containerd"]["runtimes"]
    for shim in runtime.shims:
        assert handlers[shim.handler]["options"].items() >= shim.options.items()
    for registry in runtime.registries:
        hosts = tomllib.loads(texts[hosts_path(registry)])
        assert hosts == hosts_config(registry)
        same_login(registry, hosts)
    for engine in runtime.engines:
        if engine.config:
            assert tomllib.loads(texts["/etc/wasmtime/wasmtime.toml"]) == engine.config


def same_login(registry: RegistrySettings, hosts: dict[str, Any]) -> None:
    for mirror in registry.mirrors:
        if mirror.username is not None and mirror.password is not None:
            scheme, _, token = hosts["host"][mirror.url]["header"]["authorization"].partition(" ")
            user, _, password = base64.b64decode(token).decode().partition(":")
            assert (scheme, user) == ("Basic", mirror.username)
            assert password == mirror.password.get_secret_value()


def same_unit(text: str, runtime: RuntimeSettings) -> None:
    """systemd reads no more and no less than was meant."""
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    command = "/usr/local/bin/containerd --config /etc/containerd/config.toml"
    assert unit["Service"]["ExecStart"] == command
    score = runtime.own[0].oom_score_adjust
    assert unit["Service"].get("OOMScoreAdjust") == (None if score is None else str(score))
    found = [line for line in text.splitlines() if line.startswith("Environment=")]
    assert len(found) == len({line.split("=")[1] for line in found})
    assert all(not set(" \"'\\%$") & set(line) for line in found)


def same_plan(state: DesiredState) -> None:
    """Every line of a transaction has the words that it was made of."""
    steps = plan(state, Facts())
    sent = io.BytesIO(b"".join(bundle(steps, state, state.resource)))
    with tarfile.open(fileobj=sent) as tar:
        content = {name: lines_of(tar, name) for name in ("plan", "artifacts", "manifest")}
    assert [tuple(line.split("\t")) for line in content["plan"]] == [
        tuple(word or "-" for word in operation.words()) for operation in steps.operations
    ]
    told = "".join(f"have\t{state.resource}\t{line}\n" for line in content["manifest"])
    facts = Facts.parse(f"resource\t{state.resource}\t1\n{told}end\n")
    assert facts.managed.manifests[state.resource] == state.manifest()
    rows = [line.split("\t") for line in content["artifacts"]]
    assert [tuple(row[1:]) for row in rows if row[0] == "member"] == [
        (artifact.sha256, *member) for artifact in steps.fetch for member in artifact.members
    ]


def lines_of(tar: tarfile.TarFile, name: str) -> list[str]:
    file = tar.extractfile(name)
    assert file is not None
    return file.read().decode().split("\n")[:-1]


def same_k3s(settings: StackSettings) -> None:
    """K3s reads its config as it was meant, and its plan has the words that it was made of."""
    cluster = settings.cluster
    if cluster is None:
        return
    artifact = StoredArtifact("k3s", cluster.version, "0" * 64, 10, "tar.gz", (("k3s", "k3s"),))
    for role in ROLES:
        member = Membership("10.0.0.1", "K10ab::node:secret", "secret")
        for node in settings.nodes:
            state = k3s(cluster, node, role, member, [artifact], ready_seconds=60)
            config = yaml.safe_load(files(state)["/etc/rancher/k3s/config.yaml"])
            assert config == k3s_config(cluster, node, role, joins=member.joins)
            assert f"max-pods={cluster.kubelet_args.get('max-pods')}" in config["kubelet-arg"] or (
                "max-pods" not in cluster.kubelet_args
            )
            same_plan(state)


def all_same(raw: dict[str, Any]) -> bool:
    """Checks everything that is made of a stack; whether the stack was valid at all."""
    try:
        settings = parse(raw, where="x")
        state = container_runtime(settings.runtime, stored(settings.runtime), "amd64")
    except (SettingsError, OptionConflictError):
        return False
    rendered = files(state)
    same_toml(settings.runtime, rendered)
    same_unit(rendered["/etc/systemd/system/containerd.service"], settings.runtime)
    same_plan(state)
    same_k3s(settings)
    entries = [entry for entry in settings.files if entry.source is None]
    same_plan(FileSet.of(entries, Path("/none")).desired("files"))
    for entry, file in zip(entries, FileSet.of(entries, Path("/none")).files, strict=True):
        secret = entry.secret_content
        text = entry.content if secret is None else secret.get_secret_value()
        assert (file.path, file.read().decode()) == (entry.path, text)
    return True


@cases(800)
@given(one_of(TEXTS), texts)
def test_a_text_in_any_field_is_refused_or_reaches_every_file(place: Any, text: str) -> None:
    all_same(replaced(EVERYTHING, place, text))


@cases(600)
@given(one_of(TEXTS), texts)
def test_a_text_with_an_addition_is_refused_or_reaches_every_file(place: Any, text: str) -> None:
    all_same(replaced(EVERYTHING, place, at(EVERYTHING, place) + text))


@cases(200)
@given(one_of(NAMES), texts)
def test_a_name_of_any_kind_is_refused_or_reaches_every_file(place: Any, name: str) -> None:
    raw = EVERYTHING
    if place[-1] == "x":
        raw = replaced(EVERYTHING, place[:-1], {"x": 1})
    all_same(renamed(raw, place, name))


@cases(500)
@given(st.sampled_from(FREE_TABLES), tables)
def test_any_table_reaches_its_file(place: Any, table: dict[str, Any]) -> None:
    assume(not any(key in {"version", "root", "state", "plugins"} for key in table))
    raw = replaced(EVERYTHING, place, table)
    assert all_same(raw)


@cases(400)
@given(st.sampled_from(CONFIG_TABLES), st.dictionaries(encodable, json_junk, max_size=4))
def test_anything_in_k3ss_config_is_refused_or_reaches_its_file(
    place: Any, table: dict[str, Any]
) -> None:
    all_same(replaced(EVERYTHING, place, table))


@cases(300)
@given(st.sampled_from(FREE_TABLES), st.dictionaries(encodable, json_junk, max_size=4))
def test_anything_in_a_table_is_refused_or_reaches_its_file(
    place: Any, table: dict[str, Any]
) -> None:
    all_same(replaced(EVERYTHING, place, table))


@cases(400)
@given(tables)
def test_any_table_comes_back_as_it_went_in(model: dict[str, Any]) -> None:
    assert tomllib.loads(render_toml("wasmtime/wasmtime.toml.j2", model)) == model
    assert json.loads(yaml_value(model)) == model
    # YAML's readers take a key of 1024 characters at most; the settings refuse a longer one.
    if all(len(key) <= LONGEST_KEY for key in keys_of(model)):
        assert yaml.safe_load(yaml_value([model])) == [model]


def keys_of(value: Any) -> Iterator[str]:
    """Every key of a table and of all in it, as it stands in the text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield yaml_value(key)
            yield from keys_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


@cases(200)
@given(st.lists(texts, min_size=1, max_size=5))
def test_a_line_of_a_plan_has_its_words_or_is_refused(words: list[str]) -> None:
    try:
        line = plan_line(words)
    except ValueError:
        assert set("".join(words)) & set("\t\n\r\0")
    else:
        assert line.split("\t") == [word or "-" for word in words]
        assert "\n" not in line


def test_the_stack_that_is_broken_here_is_fine() -> None:
    assert all_same(EVERYTHING)
    assert issubclass(SettingsError, ShimyardError)
