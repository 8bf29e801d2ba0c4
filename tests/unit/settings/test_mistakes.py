"""Every kind of mistake in a field: the message has the field's path and says the mend."""

from __future__ import annotations

import pytest

from tests.unit.settings.stacks import REMOVED, WHERE, changed, refusal

LABEL = "is not a DNS label; use lower case letters, digits and '-' inside, at most 63"
VERSION = "is not a version; write three numbers without a 'v', like '2.1.4'"
TEXT = "should be text; put it in quotes if it looks like a number, a date or yes/no"
TABLE = "should be a table of 'name: value' lines"
HOST = "is neither a host name nor an IP address; write it without user and port"
URL = (
    "is not an http(s) URL; write 'https://host[:port]/path' without spaces, quotes, "
    "user or password"
)
LOGIN = "set exactly one of identityFile and agent: true"

DEEP: object = 1
for _ in range(40):
    DEEP = [DEEP]

MISTAKES: list[tuple[str, object, str]] = [
    # Sections
    ("nodes", REMOVED, "is missing; add it"),
    ("nodes", [], "is empty; add at least one entry"),
    ("nodes", {"edge-1": {}}, "should be a list; start each entry with '- '"),
    ("nodes[0]", "edge-1", TABLE),
    ("runtime", REMOVED, "is missing; add it"),
    ("runtime", None, TABLE),
    ("runtimes", {}, "there is no such field; did you mean 'runtime'?"),
    ("ssh", "root", TABLE),
    ("files", "x", "should be a list; start each entry with '- '"),
    # The ssh defaults are told once, where they stand
    ("ssh.usr", "x", "there is no such field; did you mean 'user'?"),
    ("ssh.user", "Root User", "is not a login name; use lower case letters, digits, '_'"),
    ("ssh.user", "-oProxyCommand=x", "is not a login name"),
    ("ssh.port", 0, "should be greater than or equal to 1"),
    ("ssh.port", 65536, "should be less than or equal to 65535"),
    ("ssh.port", "ssh", "should be a whole number"),
    ("ssh.port", 22.5, "should be a whole number"),
    ("ssh.agent", "maybe", "should be true or false"),
    ("ssh.sudo", [], "should be true or false"),
    ("ssh.connectTimeout", 601, "should be less than or equal to 600"),
    ("ssh.identityFile", "", "is empty; write at least one character or remove the field"),
    ("ssh.identityFile", "a\nb", "has a control character (tab, newline, ...); remove it"),
    ("ssh.knownHostsFile", None, TEXT),
    ("ssh.hostKey", "AAAAC3Nza", "is not a public host key; write type and key as `ssh-keyscan`"),
    ("ssh.hostKey", "ssh-ed25519 AAAA me@here", "is not a public host key"),
    (
        "ssh",
        {"identityFile": "k", "agent": True},
        "has both identityFile and agent: true; keep one",
    ),
    ("ssh", {"agent": True, "passphrase": "p"}, "passphrase belongs to identityFile; set that too"),
    ("ssh.bastion", {"agent": True}, "bastion.address: is missing; add it"),
    ("ssh.bastion", {"address": "gate"}, f"{LOGIN}, for the jump host itself"),
    # Nodes
    ("nodes[0].name", REMOVED, "is missing; add it"),
    ("nodes[0].name", "Edge_1", LABEL),
    ("nodes[0].name", "edge-1\n", LABEL),
    ("nodes[0].name", "a" * 64, LABEL),
    ("nodes[0].name", 7, TEXT),
    ("runtime.containerd.version", "\u0663.1.4", VERSION),
    ("artifacts.lockFiles[0]", "~nobody/lock.json", "the home of another account"),
    ("runtime.sandboxImage", "--help", "is no image; write it like"),
    ("runtime.shims[0].canaryImage", "a b", "is no image; write it like"),
    ("artifacts.mirrors[0]", "https://mirror/\x01", "has a character that no URL has"),
    ("artifacts.mirrors[0]", "https://mirror/\u00e4", "has a character that no URL has"),
    # Values that would not reach a TOML file as they were written
    ("runtime.containerd.options.a.b", None, "is null, which TOML has not"),
    ("runtime.containerd.options.a", [1, float("inf")], "should be a finite number"),
    ("runtime.shims[0].options.a", 2**53 + 1, "numbers are no longer exact; write it as text"),
    ("runtime.engines[0].config.a", DEEP, "is nested more than 32 levels deep"),
    ("nodes[0].address", REMOVED, "is missing; add it"),
    ("nodes[0].address", "edge@10.0.0.1", HOST),
    ("nodes[0].address", "-oProxyCommand=reboot", HOST),
    ("nodes[0].arch", "x86_64", "should be one of: 'amd64', 'arm64'"),
    ("nodes[0].zone", "Berlin", LABEL),
    ("nodes[0].labels", {"a b": "c"}, "is not a label name; write 'name' or 'domain/name'"),
    ("nodes[0].labels", {"a": "b c"}, "is not a label value; use letters, digits, '-', '_' and"),
    ("nodes[0].labels", {"a": 1}, TEXT),
    ("nodes[0].host", "x", "there is no such field; this place has: name, address, arch, ssh"),
    ("nodes[0].ssh.prot", 1, "there is no such field; did you mean 'port'?"),
    ("nodes[0].ssh", "root", TABLE),
    # Runtime
    ("runtime.containerd", REMOVED, "is missing; add it"),
    ("runtime.containerd.version", 2.2, TEXT),
    ("runtime.containerd.version", "v2.2.1", VERSION),
    ("runtime.containerd.version", "2.2", VERSION),
    ("runtime.containerd.version", "1.7.30", "containerd 1.x has another configuration format"),
    ("runtime.containerd.systemdCgroup", "on or off", "should be true or false"),
    ("runtime.containerd.oomScoreAdjust", -1000, "should be greater than or equal to -999"),
    ("runtime.containerd.options", [], TABLE),
    ("runtime.containerd.handler", "x", "there is no such field; this place has: version, sys"),
    ("runtime.runc.version", "latest", VERSION),
    ("runtime.cniPlugins.version", REMOVED, "is missing; add it"),
    ("runtime.sandboxImage", "", "is empty; write at least one character"),
    ("runtime.registries[0].host", "https://ghcr.io", "is not a registry name; write it as image"),
    ("runtime.registries[0].host", REMOVED, "is missing; add it"),
    ("runtime.registries[0].mirrors", [], "is empty; add at least one entry"),
    ("runtime.registries[0].mirrors[0].url", "mirror:5000", URL),
    ("runtime.registries[0].mirrors[0].url", "https://me:pw@mirror", URL),
    (
        "runtime.registries[0].mirrors[0].url",
        "https://mirror:99999/",
        "has a wrong address or port",
    ),
    ("runtime.registries[0].mirrors[0].capabilities", ["delete"], "should be one of: 'pull', 'res"),
    ("runtime.registries[0].mirrors[0].caFile", "ca.pem", "is not an absolute path; start it with"),
    ("runtime.registries[0].mirrors[0].caFile", "/etc/../x", "has an empty, '.' or '..' part"),
    (
        "runtime.registries[0].mirrors[0]",
        {"url": "https://m", "username": "me"},
        "set both username and password, or neither",
    ),
    ("runtime.shims[0].name", "wasm3", "should be one of: 'wasmtime', 'wasmedge', 'wasmer', 'wam"),
    ("runtime.shims[0].handler", "Wasm", LABEL),
    ("runtime.shims[0].version", REMOVED, "is missing; add it"),
    ("runtime.shims[0].option", {}, "there is no such field; did you mean 'options'?"),
    ("runtime.engines[0].name", "v8", "should be one of: 'wasmtime', 'wasmedge'"),
    # Artifacts
    ("artifacts.mirrors", ["ftp://mirror"], URL),
    ("artifacts.lockFiles", "artifacts.lock.json", "should be a list; start each entry with '- '"),
    ("artifacts.airgap", True, "there is no such field; did you mean 'airGap'?"),
    # Files
    ("files[0].path", "etc/x", "is not an absolute path; start it with '/'"),
    ("files[0].path", "/etc/x/", "has an empty, '.' or '..' part"),
    ("files[0].path", REMOVED, "is missing; add it"),
    ("files[0].mode", 420, TEXT),
    ("files[0].mode", "644", "is not a file mode; write four octal digits in quotes, like '0644'"),
    ("files[0].mode", "4755", "(setuid, setgid and sticky bits are refused)"),
    ("files[0].owner", "Root!", "is not an account; write its name, or its number in quotes"),
    ("files[0].nodes", ["edge 1"], LABEL),
]


@pytest.mark.parametrize(("path", "value", "sentence"), MISTAKES)
def test_a_mistake_names_its_field_and_the_mend(path: str, value: object, sentence: str) -> None:
    error = refusal(changed(path, value))

    assert f"  {path}" in str(error)
    assert sentence in str(error)
    assert str(error).startswith(f"{WHERE} can't be used:\n")
    assert str(error).endswith(f"\n  mend: correct {WHERE}")
    assert all(field.startswith(path.partition("[")[0]) for field in error.fields)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    raw = changed("nodes[0].arch", "mips")
    raw["runtime"]["runc"]["version"] = "1"
    raw["files"][0]["mode"] = "rw"

    assert refusal(raw).fields == ["nodes[0].arch", "runtime.runc.version", "files[0].mode"]


def test_a_wrong_default_is_told_once_and_not_for_each_node() -> None:
    assert refusal(changed("ssh.port", "x")).fields == ["ssh.port"]
    assert refusal(changed("ssh.prot", 22)).fields == ["ssh.prot"]
    assert refusal(changed("ssh.bastion", {"address": "g"})).fields == ["ssh.bastion"]


def test_a_wrong_default_does_not_hide_a_mistake_of_one_node() -> None:
    raw = changed("ssh.port", "x")
    raw["nodes"][1]["ssh"] = {"user": "Not A User"}

    assert refusal(raw).fields == ["ssh.port", "nodes[1].ssh.user"]


def test_no_way_to_log_in_anywhere_is_told_for_the_nodes_that_lack_it() -> None:
    raw = changed("ssh", {})
    raw["nodes"][1]["ssh"] = {"agent": True}

    error = refusal(raw)

    assert error.fields == ["nodes[0].ssh"]
    assert f"{LOGIN}, here or in the stack's `ssh` section" in str(error)


def test_a_field_named_like_pydantics_own_mark_is_an_unknown_field() -> None:
    raw = changed("ssh", {"identityFile": "k", "[key]": 1})
    raw["[key]"] = 1

    assert refusal(raw).fields == ["ssh.[key]", "[key]"]
