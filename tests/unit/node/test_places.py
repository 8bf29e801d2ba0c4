"""Every file of an artifact is found where the program that wants it looks."""

from __future__ import annotations

from shimyard.node.desired import StoredArtifact
from shimyard.node.places import environment, links


def artifact(name: str, *files: str) -> StoredArtifact:
    return StoredArtifact(name, "1.0.0", "f" * 64, 1, "tar.gz", tuple((f, f) for f in files))


def test_programs_are_on_the_path_and_cni_plugins_where_the_runtime_looks() -> None:
    assert [link.path for link in links(artifact("runc", "runc"))] == ["/usr/local/bin/runc"]
    assert links(artifact("cni-plugins", "bridge"))[0].path == "/opt/cni/bin/bridge"


def test_a_shim_finds_the_engine_s_library_and_its_plugins() -> None:
    engine = artifact("wasmedge", "wasmedge", "libwasmedge.so.0")
    plugin = artifact("wasmedge-plugin-wasi-nn", "libwasmedgePluginWasiNN.so")
    assert [link.path for link in links(engine)] == [
        "/usr/local/bin/wasmedge",
        "/usr/local/lib/libwasmedge.so.0",
    ]
    assert links(plugin)[0].path == "/usr/local/lib/wasmedge/libwasmedgePluginWasiNN.so"
    assert environment([engine, plugin]) == {
        "LD_LIBRARY_PATH": "/usr/local/lib",
        "WASMEDGE_PLUGIN_PATH": "/usr/local/lib/wasmedge",
    }


def test_a_runtime_without_libraries_gets_no_loader_path() -> None:
    assert environment([artifact("runc", "runc"), artifact("containerd", "containerd")]) == {}
