"""The template and the registries of K3s's own containerd, as K3s reads them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from shimyard.node.k3s_containerd import (
    closes_registries,
    containerd_template,
    registries_config,
    registries_yaml,
)
from shimyard.rendering import RenderError, render_go_toml
from shimyard.settings import RuntimeSettings
from tests.unit.node.k3s_states import embedded, shim_artifacts

GOLDEN = Path(__file__).with_name("golden") / "config-v3.toml.tmpl"
BASE = '{{ template "base" . }}'
HUB = {"host": "docker.io", "mirrors": [{"url": "https://mirror.site"}]}


def template(runtime: RuntimeSettings) -> str:
    return containerd_template(runtime, shim_artifacts(runtime))


def tables(text: str) -> dict[str, Any]:
    """What K3s makes of the part behind its base, where systemd does not manage cgroups."""
    filled = text.replace(BASE, "").replace("{{ .SystemdCgroup }}", "false")
    parsed = tomllib.loads(filled.replace('{{ "{{" }}', "{{"))
    plugin = parsed["plugins"]["io.containerd.cri.v1.runtime"]
    found: dict[str, Any] = plugin["containerd"]["runtimes"]
    return found


def test_the_template_is_the_base_and_a_table_for_each_handler() -> None:
    text = template(embedded())
    assert text == GOLDEN.read_text()
    assert tables(text) == {
        "wasmtime": {
            "runtime_type": "io.containerd.wasmtime.v1",
            "runtime_path": "/var/lib/shimyard/store/containerd-shim-wasmtime-1.0.0/"
            "containerd-shim-wasmtime-v1",
            "options": {"SystemdCgroup": False},
        }
    }


def test_two_handlers_of_a_shim_have_their_own_options() -> None:
    shim = {"name": "wasmtime", "version": "1.0.0"}
    options = {"SystemdCgroup": True, "nested": {"deep": [1, "x"]}}
    found = tables(template(embedded(shims=[shim, {**shim, "handler": "b", "options": options}])))
    assert found["wasmtime"]["options"] == {"SystemdCgroup": False}
    assert found["b"]["options"] == options


def test_without_a_shim_the_base_stands_alone() -> None:
    lines = template(embedded(shims=[])).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [BASE]


@pytest.mark.parametrize(
    "text", ["{{ .Secret }}", "{{{{", "a{{b}}c", "}}{{", "{{{", "{", '{{ "{{" }}']
)
def test_braces_of_an_option_reach_containerd_as_they_are(text: str) -> None:
    shim = {"name": "wasmtime", "version": "1.0.0", "options": {"said": text, text: {text: 1}}}
    rendered = template(embedded(shims=[shim]))
    options = tables(rendered)["wasmtime"]["options"]
    assert options == {"SystemdCgroup": False, "said": text, text: {text: 1}}
    # Nothing but the base and the cgroups is an action of Go's.
    left = rendered.replace(BASE, "").replace("{{ .SystemdCgroup }}", "").replace('{{ "{{" }}', "")
    assert "{{" not in left


def test_a_value_outside_of_a_table_would_fall_into_the_bases_last_table() -> None:
    with pytest.raises(RenderError, match="no place for values outside of a table"):
        render_go_toml("k3s/config-v3.toml.tmpl.j2", {"version": 3}, base=BASE)


# --- registries.yaml ------------------------------------------------------------------------------


def test_mirrors_keep_their_order_and_their_paths_get_the_apis_version() -> None:
    mirrors = [{"url": url} for url in ("http://10.0.0.1:5000", "https://m/hub/", "https://m/v2")]
    wanted = embedded(registries=[{"host": "docker.io", "mirrors": mirrors}])
    assert registries_config(wanted) == {
        "mirrors": {
            "docker.io": {
                "endpoint": ["http://10.0.0.1:5000", "https://m/hub/v2", "https://m/v2"],
            }
        }
    }


def test_credentials_and_trust_stand_at_the_endpoints_host() -> None:
    mirror = {"url": "https://m:5000", "username": "u", "password": "p:w", "caFile": "/etc/ca.pem"}
    other = {"url": "https://registry-1.docker.io", "skipVerify": True}
    wanted = embedded(registries=[{"host": "docker.io", "mirrors": [mirror, other]}])
    assert yaml.safe_load(registries_yaml(wanted))["configs"] == {
        "m:5000": {
            "auth": {"username": "u", "password": "p:w"},
            "tls": {"ca_file": "/etc/ca.pem"},
        },
        "docker.io": {"tls": {"insecure_skip_verify": True}},
    }


def test_a_registry_that_is_asked_itself_is_an_endpoint_where_others_are_not() -> None:
    ghcr = {"host": "ghcr.io", "mirrors": [{"url": "https://mirror.site"}]}
    both = embedded(registries=[{**HUB, "upstream": True}, ghcr])
    assert closes_registries(both)
    assert registries_config(both)["mirrors"] == {
        "docker.io": {"endpoint": ["https://mirror.site", "https://registry-1.docker.io"]},
        "ghcr.io": {"endpoint": ["https://mirror.site"]},
    }
    one = embedded(registries=[{**HUB, "upstream": True}])
    assert not closes_registries(one)
    assert registries_config(one)["mirrors"] == {"docker.io": {"endpoint": ["https://mirror.site"]}}


def test_any_registry_is_k3s_star() -> None:
    wanted = embedded(registries=[{**HUB, "host": "_default"}])
    assert list(registries_config(wanted)["mirrors"]) == ["*"]
