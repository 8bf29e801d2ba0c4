"""A CDN function on a real cluster: nginx keeps what a Wasm function has fetched from an origin."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.images.registry_client import RegistryClient
from lab.images.servers import NGINX
from lab.instance import Lab
from lab.registry import registry_url
from tests.engine.cluster.answers import ask as ask_node
from tests.engine.cluster.kubectl import Kubectl
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

MACHINES = 2
# Nothing is upgraded here.
K3S_VERSIONS = 1
IMAGE = "registry.lab/nginx:debian"
# Each answer of the origin is another one.
ORIGIN_CONFIG = """
daemon off;
error_log stderr;
pid /tmp/nginx.pid;
events {}
http {
  client_body_temp_path /tmp/1;
  proxy_temp_path /tmp/2;
  fastcgi_temp_path /tmp/3;
  scgi_temp_path /tmp/4;
  uwsgi_temp_path /tmp/5;
  access_log off;
  default_type text/plain;
  server {
    listen 8080;
    location / { return 200 $request_id; }
    location /search { return 200 "$request_id $request_uri"; }
    location /private { add_header Cache-Control private; return 200 $request_id; }
    location /short { add_header Cache-Control max-age=1; return 200 $request_id; }
    location /live { add_header Cache-Control max-age=1; return 200 $request_id; }
  }
}
"""
CDN: dict[str, Any] = {
    "name": "front",
    "namespace": "web",
    "origin": "http://origin.web.svc:8080",
    "service": {"type": "LoadBalancer"},
    "function": {"handler": "wasmtime", "artifact": "registry.lab/gate:artifact", "replicas": 2},
    "cache": {
        "image": IMAGE,
        # Of an origin whose pod has just gone, nothing comes back, not even a refusal.
        "timeoutSeconds": 5,
        "rules": [
            {"path": "/", "lifetimes": [{"statuses": [200], "seconds": 600}]},
            {
                "path": "/search",
                "lifetimes": [{"statuses": [200], "seconds": 600}],
                "key": {"query": ["q"], "headers": ["Accept-Language"]},
                "bypass": {"headers": ["Authorization"], "cookies": ["session"]},
            },
            {
                "path": "/short",
                "staleWhileRevalidate": False,
            },
        ],
    },
}


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server and an agent with a namespace; nothing is in it yet."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("cdn"))
    made.config = cluster_stack(lab, built, ["edge-1", "edge-2"], servers=["edge-1"])
    made.config["namespaces"] = [{"name": "web"}]
    made.write()
    made.up()
    return made


@pytest.fixture(scope="module", autouse=True)
def kubectl(project: Project, lab: Lab) -> Kubectl:
    """Of the cluster with an origin, and the CDN function before it."""
    made = Kubectl(lab.node("edge-1"))
    registry = RegistryClient(registry_url(lab.settings))
    registry.push(NGINX.image("amd64"), *IMAGE.removeprefix("registry.lab/").split(":"))
    for each in origin():
        made.apply(each)
    made.wait_ready("app=origin", 1, "web")
    project.config["platform"] = {"cdnFunctions": [CDN]}
    project.write()
    project.up()
    return made


def origin() -> Iterator[dict[str, Any]]:
    """A server whose answers all differ."""
    metadata = {"name": "origin", "namespace": "web", "labels": {"app": "origin"}}
    container = {
        "name": "origin",
        "image": IMAGE,
        "command": [NGINX.path, "-c", "/etc/origin/nginx.conf"],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/origin"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"cpu": "1", "memory": "64Mi"},
        },
    }
    pod = {
        "containers": [container],
        "volumes": [
            {"name": "config", "configMap": {"name": "origin"}},
            {"name": "tmp", "emptyDir": {}},
        ],
        "securityContext": {
            "runAsUser": 65532,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"nginx.conf": ORIGIN_CONFIG},
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": {"app": "origin"}},
            "template": {"metadata": {"labels": {"app": "origin"}}, "spec": pod},
        },
    }
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {"app": "origin"}, "ports": [{"port": 8080}]},
    }


@dataclass(frozen=True)
class Kept:
    """An answer of the cache: ``how`` is what it says that it did, ``via`` what passed it on."""

    status: int
    body: str
    how: str | None
    via: str | None


def ask(lab: Lab, path: str, **headers: str) -> Kept:
    """What the cache answers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"Host": "www.lab", **named}
    answer = ask_node(lab.node("edge-2"), path, port=8080, headers=named, seconds=20)
    how, via = (answer.headers.get(name) for name in ("x-cache", "via"))
    return Kept(answer.status, answer.body, how, via)


def test_the_function_is_asked_once_for_what_is_kept(lab: Lab) -> None:
    first, second = ask(lab, "/once"), ask(lab, "/once")
    assert (first.status, first.how, second.how) == (200, "MISS", "HIT")
    assert second.body == first.body
    # It went through the Wasm function.
    assert first.via == "1.1 gate"
    assert ask(lab, "/other").body != first.body


def test_many_at_once_on_a_cold_path_make_one_request(lab: Lab) -> None:
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: ask(lab, "/crowd"), range(60)))
    assert {each.status for each in answers} == {200}
    assert len({each.body for each in answers}) == 1


def test_who_claims_another_scheme_gets_an_answer_of_its_own(lab: Lab) -> None:
    plain = ask(lab, "/scheme").body
    assert ask(lab, "/scheme", X_Forwarded_Proto="https").body != plain
    for claimed in ("http", "https, http", "ftp"):
        assert ask(lab, "/scheme", X_Forwarded_Proto=claimed).body == plain


def test_the_key_is_what_the_rule_says(lab: Lab) -> None:
    first = ask(lab, "/search?q=a&utm=1", Accept_Language="de")
    assert ask(lab, "/search?utm=2&q=a", Accept_Language="de").body == first.body
    for path, language in (("/search?q=b", "de"), ("/search?q=a", "fr"), ("/search", "a")):
        assert ask(lab, path, Accept_Language=language).body != first.body, path
    # The function hears of nothing else, by whatever name it is written.
    assert first.body.split()[1] == "/search?q=a"
    for query, heard in (("q=1&page=2", "?q=1"), ("%71=x&q=2", "?q=2"), ("q=3&q=x", "?q=3")):
        told = ask(lab, f"/search?{query}", Accept_Language="de")
        assert (told.how, told.body.split()[1]) == ("MISS", f"/search{heard}")
    assert ask(lab, "/search?utm=4", Accept_Language="de").body.split()[1] == "/search"
    # Without such a rule it is all of the query.
    assert ask(lab, "/plain?q=a&utm=1").body != ask(lab, "/plain?q=a&utm=2").body


def test_a_path_and_a_query_are_never_taken_for_one_another(lab: Lab) -> None:
    answers = [ask(lab, path).body for path in ("/x?y=1", "/x%3Fy=1")]
    assert answers[0] != answers[1]


def test_requests_with_credentials_are_neither_answered_from_it_nor_kept(lab: Lab) -> None:
    public = ask(lab, "/search?q=me")
    mine = ask(lab, "/search?q=me", Authorization="Basic bWU6bWU=")
    assert (mine.how, mine.body != public.body) == ("BYPASS", True)
    session = ask(lab, "/search?q=me", Cookie="session=1; other=2")
    assert (session.how, session.body != public.body) == ("BYPASS", True)
    assert ask(lab, "/search?q=me").body == public.body
    # The first one with credentials leaves nothing for those without.
    ask(lab, "/search?q=first", Authorization="Basic bWU6bWU=")
    assert ask(lab, "/search?q=first").how == "MISS"


def test_what_the_origin_says_comes_first(lab: Lab) -> None:
    assert ask(lab, "/private").body != ask(lab, "/private").body
    first = ask(lab, "/short")

    def same() -> str | None:
        return "is still fresh" if ask(lab, "/short").body == first.body else None

    wait_for("the end of a second", same, seconds=10, interval=0.2)


def test_an_old_answer_is_given_while_a_new_one_is_on_its_way(lab: Lab) -> None:
    first = ask(lab, "/live")
    told: list[Kept] = []

    def fresh() -> str | None:
        told.append(ask(lab, "/live"))
        return "is still fresh" if told[-1].how == "HIT" else None

    wait_for("the end of a second", fresh, seconds=10, interval=0.2)
    assert (told[-1].how, told[-1].body) == ("STALE", first.body)

    def old() -> str | None:
        return "is still old" if ask(lab, "/live").body == first.body else None

    wait_for("the new answer", old, seconds=10, interval=0.2)


def test_a_second_up_changes_nothing(project: Project) -> None:
    told = project.up().output
    assert "unchanged" in told
    assert not [word for word in ("created", "updated", "replaced", "deleted") if word in told]


def test_old_answers_are_given_while_the_origin_is_gone(lab: Lab, kubectl: Kubectl) -> None:
    old = ask(lab, "/short/news")
    kubectl("scale", "deployment/origin", "--namespace=web", "--replicas=0")
    told: list[Kept] = []

    def missing() -> str | None:
        told.append(ask(lab, "/short/news"))
        return None if told[-1].how == "STALE" else str(told[-1])

    wait_for("an old answer", missing, seconds=60, interval=0.2)
    assert (told[-1].status, told[-1].body) == (200, old.body)
    assert ask(lab, "/short/never").status in {502, 504}
    kubectl("scale", "deployment/origin", "--namespace=web", "--replicas=1")

    def old_one() -> str | None:
        again = ask(lab, "/short/news")
        return None if (again.status, again.body != old.body) == (200, True) else str(again)

    wait_for("a new answer", old_one, seconds=60, interval=0.2)


def test_a_changed_rule_makes_the_cache_anew_and_nobody_waits(project: Project, lab: Lab) -> None:
    kept = ask(lab, "/once").body
    rules = [{"path": "/", "lifetimes": [{"statuses": [200], "seconds": 30}]}]
    changed = {**CDN, "cache": {**CDN["cache"], "rules": rules}}
    project.config["platform"] = {"cdnFunctions": [changed]}
    project.write()
    with ThreadPoolExecutor(1) as other:
        change = other.submit(project.up)

        def under_way() -> str | None:
            assert ask(lab, "/once").status == 200
            return None if change.done() else "is under way"

        wait_for("the change", under_way, seconds=120, interval=0.1)
    change.result()

    def still_kept() -> str | None:
        return "is still kept" if ask(lab, "/once").body == kept else None

    wait_for("the new cache", still_kept, seconds=30, interval=0.2)


def test_it_goes_when_it_is_taken_out_of_the_stack(project: Project, kubectl: Kubectl) -> None:
    del project.config["platform"]
    project.write()
    project.up()
    kinds = "deployments,services,configmaps"
    assert kubectl.get(kinds, "-n", "web", "-l", "shimyard.dev/app")["items"] == []
