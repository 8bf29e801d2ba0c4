"""The cache's configuration, read by the real nginx that the cache runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.manifests.cdn import cache_config
from lab.images.servers import NGINX
from lab.nodes.base import node_architecture
from shimyard.settings.platform import CdnFunctionSettings
from tests.program.kubernetes.examples import CDN_FUNCTIONS, LEAST

pytestmark = pytest.mark.lab

_LEAST = LEAST["platform"]["cdnFunctions"][0]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file system as in a pod of the cache."""
    made = tmp_path_factory.mktemp("nginx") / "root"
    shutil.copytree(NGINX.folder(node_architecture()), made)
    for folder in ("dev", "etc/cdn", "var/cache/cdn", "tmp"):
        (made / folder).mkdir(parents=True, exist_ok=True)
    (made / "etc/passwd").write_text("nobody:x:65534:65534::/:/bin/false\n")
    (made / "etc/group").write_text("nogroup:x:65534:\n")
    (made / "etc/hosts").write_text("127.0.0.1 front-function rewrite\n")
    return made


def judged(root: Path, text: str) -> str:
    """What nginx says of a configuration."""
    (root / "etc/cdn/nginx.conf").write_text(text)
    argv = ["chroot", str(root), NGINX.path, "-t", "-c", "/etc/cdn/nginx.conf"]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stderr


def config(**rule: Any) -> str:
    """The configuration of the least CDN function, some fields of its rule changed."""
    cache = {**_LEAST["cache"], "rules": [{"path": "/", **rule}]}
    return cache_config(CdnFunctionSettings.model_validate({**_LEAST, "cache": cache}), 8080)


@pytest.mark.parametrize("example", [_LEAST, CDN_FUNCTIONS[0]], ids=["least", "everything"])
def test_nginx_takes_the_examples(root: Path, example: dict[str, Any]) -> None:
    told = judged(root, cache_config(CdnFunctionSettings.model_validate(example), 8080))
    assert "test is successful" in told
    assert "[warn]" not in told


@pytest.mark.parametrize(
    "rule",
    [
        {"path": "/a;b'(c)&d=~e"},
        {"key": {"query": ["Q", "a_1"], "headers": ["X-A", "accept-language"]}},
        {"key": {"query": []}, "bypass": {"headers": [], "cookies": []}},
        {"lifetimes": [{"statuses": [200, 404, 599], "seconds": 31_536_000}]},
        {"respectOrigin": False, "staleIfError": False, "staleWhileRevalidate": True},
    ],
    ids=["path", "key", "nothing", "lifetimes", "stale"],
)
def test_nginx_takes_what_the_settings_take(root: Path, rule: dict[str, Any]) -> None:
    told = judged(root, config(**rule))
    assert "test is successful" in told
    assert "[warn]" not in told


def test_a_broken_configuration_would_be_seen(root: Path) -> None:
    assert "unexpected end of file" in judged(root, config().rstrip().removesuffix("}"))
