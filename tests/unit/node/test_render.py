"""What is rendered parses back to its model, whatever stands in its strings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from shimyard.node.container_runtime import container_runtime
from shimyard.node.containerd_config import (
    OptionConflictError,
    containerd_config,
    hosts_config,
)
from shimyard.node.k3s import with_entrance
from shimyard.node.k3s_config import CONFIG_PATH, ENTRANCE_PATH
from shimyard.node.recovery import recovery_unit
from shimyard.rendering import (
    RenderError,
    nginx_value,
    nginx_variables,
    render,
    render_toml,
    toml_value,
)
from shimyard.settings import RuntimeSettings
from tests.unit.node import k3s_states
from tests.unit.node.states import runtime, settings

CRI = "io.containerd.cri.v1.runtime"
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("key", ["a\n", "a.b", "", " ", '"', "\x7f", "{{ a }}"])
def test_a_key_that_is_not_bare_is_quoted(key: str) -> None:
    assert tomllib.loads(render_toml("wasmtime/wasmtime.toml.j2", {key: {key: 1}})) == {
        key: {key: 1}
    }


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_whole_number_that_toml_can_not_hold_is_refused(number: int) -> None:
    with pytest.raises(RenderError, match="more than 64 bits"):
        render_toml("wasmtime/wasmtime.toml.j2", {"x": number})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    with pytest.raises(RenderError, match="is no number that a file can hold"):
        render_toml("wasmtime/wasmtime.toml.j2", {"x": [number]})


@pytest.mark.parametrize("value", [None, object(), b"bytes", {"a": None}])
def test_a_value_that_toml_has_not_is_refused(value: object) -> None:
    with pytest.raises(RenderError, match="TOML has no value for"):
        toml_value(value)


def test_a_template_that_misses_a_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("systemd/containerd.service.j2", binary="/x")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"version": 2}, "version"),
        ({"root": "/x"}, "root"),
        ({"plugins": 1}, "plugins"),
        (
            {"plugins": {"io.containerd.cri.v1.images": {"registry": {"config_path": "/x"}}}},
            "plugins.io.containerd.cri.v1.images.registry.config_path",
        ),
        (
            {"plugins": {CRI: {"containerd": {"runtimes": {"runc": {"runtime_type": "x"}}}}}},
            "plugins.io.containerd.cri.v1.runtime.containerd.runtimes.runc.runtime_type",
        ),
    ],
)  # fmt: skip
def test_an_option_that_shimyard_sets_itself_is_refused(options: Any, path: str) -> None:
    with pytest.raises(OptionConflictError) as caught:
        containerd_config(settings(containerd={"version": "2.4.2", "options": options}))
    assert caught.value.path == path
    assert path in str(caught.value)


def test_an_option_beside_ours_is_merged() -> None:
    options = {"plugins": {"io.containerd.cri.v1.runtime": {"restrict_oom_score_adj": True}}}
    config = containerd_config(settings(containerd={"version": "2.4.2", "options": options}))
    table = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert table["restrict_oom_score_adj"] is True
    assert table["cni"]["conf_dir"] == "/etc/cni/net.d"


def test_pods_get_their_network_from_where_the_stack_says() -> None:
    cni = {"confDir": "/etc/k3s/net.d", "binDirs": ["/opt/a", "/opt/b"]}
    for version in ("2.2.9", "2.4.2"):
        state = runtime(containerd={"version": version}, cni=cni)
        text = next(f for f in state.files if f.path == "/etc/containerd/config.toml").read()
        table = tomllib.loads(text.decode())["plugins"][CRI]["cni"]
        assert table == {"conf_dir": "/etc/k3s/net.d", "bin_dirs": ["/opt/a", "/opt/b"]}
        assert state.folders == ("/etc/k3s/net.d",)


FULL: dict[str, Any] = {
    "sandboxImage": "registry.lab/pause:3.10",
    "shims": [
        {"name": "wasmtime", "version": "1.0.0", "options": {"Fuel": 5, "Name": 'a "b"'}},
        {"name": "wasmedge", "version": "1.0.0", "handler": "edge"},
    ],
    "registries": [
        {
            "host": "registry.lab",
            "mirrors": [
                {"url": "http://10.0.0.1:5000"},
                {
                    "url": "https://mirror.lab",
                    "caFile": "/etc/ssl/lab.pem",
                    "username": "puller",
                    "password": "hush",
                    "capabilities": ["pull"],
                },
            ],
        },
        {"host": "docker.io", "upstream": True, "mirrors": [{"url": "https://m.lab/hub"}]},
        {"host": "_default", "upstream": True, "mirrors": [{"url": "https://m.lab"}]},
    ],
}


CLUSTER: dict[str, Any] = {
    "tlsSans": ["api.lab", "10.0.0.9"],
    "kubeletArgs": {"fail-cgroupv1": "false", "max-pods": "250"},
    "serverConfig": {"etcd-snapshot-schedule-cron": "0 */6 * * *", "etcd-snapshot-retention": 5},
    "agentConfig": {"node-label": ["edge.example.com/till=yes"], "debug": True},
}


def rendered() -> dict[str, str]:
    """Every kind of file that a machine has, by the name of its golden file."""
    files = {"shimyard-recover.service": recovery_unit(), **rendered_k3s()}
    for name, version in (("v4", "2.4.2"), ("v3", "2.2.9")):
        chosen = settings(containerd={"version": version}, **FULL)
        config = containerd_config(chosen)
        files[f"config-{name}.toml"] = render_toml("containerd/config.toml.j2", config)
    for registry in settings(**FULL).registries:
        model = hosts_config(registry)
        files[f"hosts-{registry.host}.toml"] = render_toml("containerd/hosts.toml.j2", model)
    for name, score in (("", -999), ("-plain", None)):
        chosen = settings(containerd={"version": "2.4.2", "oomScoreAdjust": score})
        files[f"containerd{name}.service"] = unit_text(chosen)
    return files


def rendered_k3s() -> dict[str, str]:
    """The config of each role, and both units."""
    first, joining = k3s_states.settings(**CLUSTER), k3s_states.settings(disable=[])
    states = {
        "k3s-first-server": with_entrance(k3s_states.server(**CLUSTER), first, k3s_states.FIRST),
        "k3s-joining-server": with_entrance(
            k3s_states.server(k3s_states.JOINING, disable=[]), joining, k3s_states.JOINING
        ),
        "k3s-agent": k3s_states.agent(**CLUSTER),
    }
    files = {}
    for name, state in states.items():
        texts = {file.path: file.read().decode() for file in state.files}
        files[f"{name}.yaml"] = texts[CONFIG_PATH]
        if ENTRANCE_PATH in texts:
            files[f"{name}-entrance.yaml"] = texts[ENTRANCE_PATH]
        unit = next(path for path in texts if path.endswith(".service"))
        files[unit.rpartition("/")[2]] = texts[unit]
    return files | rendered_embedded()


def rendered_embedded() -> dict[str, str]:
    """What K3s is told where it brings containerd."""
    mirror = {"url": "https://mirror.lab:5000", "username": "edge", "password": "hush"}
    runtime = k3s_states.embedded(
        sandboxImage="registry.lab/pause:1",
        registries=[{"host": "registry.lab", "mirrors": [mirror]}],
    )
    state = k3s_states.agent(containerd="embedded", runtime=runtime)
    names = {
        "config.yaml": "k3s-embedded.yaml",
        "k3s-agent.service": "k3s-embedded.service",
        "registries.yaml": "registries.yaml",
        "config-v3.toml.tmpl": "config-v3.toml.tmpl",
    }
    files = {names.get(f.path.rpartition("/")[2]): f.read().decode() for f in state.files}
    return {name: text for name, text in files.items() if name is not None}


def unit_text(chosen: RuntimeSettings) -> str:
    state = container_runtime(chosen, runtime().artifacts, "amd64")
    file = next(f for f in state.files if f.path.endswith("containerd.service"))
    return file.read().decode()


@pytest.mark.parametrize("name", sorted(rendered()))
def test_a_file_looks_as_it_was_reviewed(name: str) -> None:
    """Write it anew with: python -m tests.unit.node.test_render."""
    assert rendered()[name] == (GOLDEN / name).read_text()


def test_no_reviewed_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(rendered())


def test_only_a_file_with_a_password_is_hidden_from_other_users() -> None:
    modes = {f.path: f.mode for f in runtime(**FULL).files}
    assert modes["/etc/containerd/certs.d/registry.lab/hosts.toml"] == "0600"
    assert modes["/etc/containerd/certs.d/docker.io/hosts.toml"] == "0644"
    assert "hush" not in repr(runtime(**FULL))


if __name__ == "__main__":
    for name, text in rendered().items():
        (GOLDEN / name).write_text(text)


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "$host", "${host}"])
def test_nginx_gets_no_text_that_it_would_read_as_something_else(text: str) -> None:
    with pytest.raises(RenderError, match="can't stand in a configuration of nginx"):
        nginx_value(text)


def test_nginx_gets_directives_in_a_text_as_a_text() -> None:
    assert nginx_value('/a"; return 200 {}; #\\') == '"/a\\"; return 200 {}; #\\\\"'


@pytest.mark.parametrize("name", ["", "a b", 'a"', "a;", "a}", "a\n"])
def test_nginx_gets_no_variable_of_another_kind_of_name(name: str) -> None:
    with pytest.raises(RenderError, match="is no name of a variable of nginx"):
        nginx_variables(["host", name])
