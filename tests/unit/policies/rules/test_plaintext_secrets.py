"""Secrets in plain text are found, and never repeated."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rules.plaintext_secrets import plaintext_secrets
from policies.subject import Subject, Violation
from policies.values import UNKNOWN, Secret
from tests.unit.policies.subjects import deployment, subject

LOOKS = {
    "a private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3Bl\n",
    "an age secret key": "AGE-SECRET-" + "KEY-1" + "Q" * 30,
    "an AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a GitHub token": "ghp_" + "a1" * 18,
    "a GitLab token": "glpat-" + "a1" * 10,
    "a Google API key": "AIza" + "a" * 35,
    "a Slack token": "xoxb-" + "1" * 12,
    "a JSON web token": "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2Q",
    "a K3s token": "K10" + "0a" * 32 + "::server:abc",
    "a password in a URL": "amqp://user:hunter2hunter2@broker.example.com",
    "a login in a header": "Authorization: Bearer c2VjcmV0LXRva2Vu",
}
NONE: dict[str, Any] = {"allowed": []}


def found(of: Subject, **config: Any) -> list[Violation]:
    return list(plaintext_secrets(of, {**NONE, **config}))


@pytest.mark.parametrize(("what", "text"), LOOKS.items(), ids=list(LOOKS))
def test_a_text_that_looks_like_a_secret_is_found_anywhere_and_not_repeated(
    what: str, text: str
) -> None:
    (one,) = found(subject("acme:x:Y", {"deep": [{"down": f"# a file\n{text}\n"}]}))
    assert one.where == "deep[0].down"
    assert what in one.reason
    assert "pulumi config set --secret" in one.mend
    assert text.strip() not in str(one)


@pytest.mark.parametrize("text", LOOKS.values(), ids=list(LOOKS))
def test_a_secret_of_pulumi_passes(text: str) -> None:
    assert not found(subject("acme:x:Y", {"deep": [Secret({"down": text})]}))


def test_a_variable_with_a_secrets_name_and_a_value_is_found() -> None:
    env = [
        {"name": "DB_PASSWORD", "value": "correct horse"},
        {"name": "API_KEY", "value": "0123456789"},
        {"name": "MQTT_TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
        {"name": "TOKEN_URL", "value": "https://login.example.com"},
        {"name": "PASSWORD_FILE", "value": "/run/secrets/password"},
        {"name": "SESSION_SECRET", "value": "$(OTHER)"},
        {"name": "MONKEY", "value": "banana split"},
        {"name": "UPLINK_TOKEN", "value": UNKNOWN},
    ]
    pods = deployment({"containers": [{"name": "app", "env": env}]})
    assert [each.where for each in found(pods)] == [
        "container app, env DB_PASSWORD",
        "container app, env API_KEY",
    ]
    assert [each.where for each in found(pods, allowed=["API_KEY"])] == [
        "container app, env DB_PASSWORD"
    ]
    assert "correct horse" not in str(found(pods)[0])


def test_a_secret_in_a_config_map_is_found() -> None:
    data = {
        "password": "correct horse",
        "app.properties": "host=a\ndb.password = hunter2hunter2\n",
        "notes": "the token is asked for\n",
    }
    made = subject("kubernetes:core/v1:ConfigMap", {"data": data})
    assert [each.where for each in found(made)] == ["data.password", "data.app.properties"]


def test_a_secret_in_a_file_of_a_machine_is_found() -> None:
    files = [
        {"path": "/etc/edge/uplink.yaml", "content": "uplink:\n  token: abcdef123456\n"},
        {"path": "/etc/edge/site.json", "content": '{"site": "bench"}'},
        {"path": "/etc/edge/uplink.key", "secretContent": Secret("token: abcdef123456")},
        {"path": "/etc/edge/k3s.yaml", "content": '"token-file": "/etc/rancher/k3s/token"\n'},
    ]
    made = subject("shimyard-edge:node:NodeFiles", {"files": files})
    assert [each.where for each in found(made)] == ["files, /etc/edge/uplink.yaml"]


def test_a_kubernetes_secret_in_plain_text_is_found() -> None:
    made = subject(
        "kubernetes:core/v1:Secret",
        {"data": {"a": "aHVzaA==", "b": Secret("aHVzaA=="), "c": ""}, "stringData": {"d": "hush"}},
    )
    assert [each.where for each in found(made)] == ["data.a", "stringData.d"]
    assert "hush" not in "".join(map(str, found(made)))


@pytest.mark.parametrize("data", [Secret({"a": "b"}), UNKNOWN, None, {"a": UNKNOWN}])
def test_a_kubernetes_secret_that_pulumi_keeps_passes(data: Any) -> None:
    assert not found(subject("kubernetes:core/v1:Secret", {"data": data}))


def test_public_keys_and_certificates_are_none() -> None:
    inputs = {
        "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOQLiHBIeqX29mAsOQ1K0wezrcg2ujZwqpq1QQ68",
        "ca": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "url": "https://mirror.example.com:5000/artifacts",
    }
    assert not found(subject("acme:x:Y", inputs))


def test_a_name_that_is_allowed_allows_itself_alone() -> None:
    for name in ("MY_TOKEN", "db_password"):
        inputs = {"files": [{"path": "/etc/a", "content": f"{name}=realsecretTOKEN"}]}
        made = subject("shimyard-edge:node:NodeFiles", inputs)
        assert list(plaintext_secrets(made, {"allowed": ["TOKEN"]}))
        assert not list(plaintext_secrets(made, {"allowed": [name]}))
