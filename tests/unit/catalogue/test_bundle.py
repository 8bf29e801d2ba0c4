"""A bundle holds all that a stack needs, byte by byte, in the layout that nodes ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.catalogue import Artifact, ArtifactNotLocked, bundled, urls
from shimyard.catalogue.bundle import bundle, needed
from shimyard.catalogue.download import download
from shimyard.catalogue.fetch import FetchError
from shimyard.catalogue.lockfile import write_lock
from shimyard.settings import ArtifactSettings, StackSettings, parse
from shimyard.settings.cluster import ClusterSettings
from tests.unit.catalogue.test_artifact import entry
from tests.unit.catalogue.vendor_stand_in import Releases
from tests.unit.settings.stacks import WHERE, changed

K3S = [("k3s", "1.36.3+k3s1"), ("k3s", "1.35.2+k3s1")]


def stack_of(releases: Releases, project: Path) -> StackSettings:
    """A stack of two amd64 nodes and one arm64 node, whose artifacts the stand-in has."""
    items: list[Artifact] = []
    for name, version in (("containerd", "2.2.1"), ("runc", "1.3.4"), *K3S):
        for arch in ("amd64", "arm64"):
            url = f"{releases.base}/vendor/{name}%2Fv{version}/{arch}"
            content = f"{name} {arch}".encode()
            releases.files[f"vendor/{name}/v{version}/{arch}"] = content
            digest = releases.publish(url, content)
            items.append(
                Artifact.model_validate(
                    entry(name=name, version=version, arch=arch, url=url, sha256=digest, size=None)
                )
            )
    write_lock(project / "own.lock.json", items)
    raw = changed("nodes[2]", {"name": "edge-3", "address": "10.0.0.3", "arch": "arm64"})
    raw["runtime"] = {"containerd": {"version": "2.2.1"}, "runc": {"version": "1.3.4"}}
    raw["artifacts"] = {"lockFiles": ["own.lock.json"], "airGap": True, "bundle": "bundle"}
    return parse(raw, where=WHERE)


def test_k3s_is_brought_for_servers_and_agents_in_their_versions(
    releases: Releases, tmp_path: Path
) -> None:
    """A site without a way out has nowhere else to get it."""
    machines = stack_of(releases, tmp_path)
    cluster = ClusterSettings.model_validate(
        {"version": K3S[0][1], "agentVersion": K3S[1][1], "servers": ["edge-1"]}
    )
    settings = machines.model_copy(update={"cluster": cluster})
    keys = [artifact.key for artifact in needed(settings, tmp_path)]
    assert [key for key in keys if key[0] == "k3s"] == [
        ("k3s", "1.36.3+k3s1", "amd64"),
        ("k3s", "1.35.2+k3s1", "amd64"),
        ("k3s", "1.35.2+k3s1", "arm64"),
    ]
    outside = cluster.model_copy(update={"agents": []})
    settings = machines.model_copy(update={"cluster": outside})
    assert [key for key in (a.key for a in needed(settings, tmp_path)) if key[0] == "k3s"] == [
        ("k3s", "1.36.3+k3s1", "amd64")
    ]


def test_a_stacks_needs_are_bundled_once_for_each_architecture(
    releases: Releases, tmp_path: Path
) -> None:
    settings = stack_of(releases, tmp_path)
    artifacts = needed(settings, tmp_path)

    done = bundle(artifacts, settings, tmp_path / "bundle")

    assert [one.artifact.key for one in done] == [
        ("containerd", "2.2.1", "amd64"),
        ("runc", "1.3.4", "amd64"),
        ("containerd", "2.2.1", "arm64"),
        ("runc", "1.3.4", "arm64"),
    ]
    for artifact in artifacts:
        found = bundled(artifact, settings.artifacts, tmp_path)
        assert found is not None
        assert found.read_bytes() == f"{artifact.name} {artifact.arch}".encode()


def test_a_served_bundle_answers_what_nodes_ask_a_mirror_for(
    releases: Releases, tmp_path: Path
) -> None:
    settings = stack_of(releases, tmp_path)
    artifacts = needed(settings, tmp_path)
    folder = tmp_path / "bundle"
    bundle(artifacts, settings, folder)
    releases.files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }

    for artifact in artifacts:
        (url,) = urls(artifact, ArtifactSettings(mirrors=[releases.base], air_gap=True))
        assert download(url, tmp_path / "got").sha256 == artifact.sha256


def test_what_is_there_and_right_is_not_fetched_again(releases: Releases, tmp_path: Path) -> None:
    settings = stack_of(releases, tmp_path)
    artifacts = needed(settings, tmp_path)
    first = bundle(artifacts, settings, tmp_path / "bundle")
    first[1].path.write_bytes(b"damaged")
    releases.requests.clear()

    again = bundle(artifacts, settings, tmp_path / "bundle")

    assert [one.fetched for one in again] == [False, True, False, False]
    assert len(releases.requests) == 1


def test_a_file_with_other_bytes_is_not_bundled_and_the_next_source_is_tried(
    releases: Releases, tmp_path: Path
) -> None:
    settings = stack_of(releases, tmp_path)
    artifact = needed(settings, tmp_path)[0]
    right = releases.files["vendor/containerd/v2.2.1/amd64"]
    releases.files["vendor/containerd/v2.2.1/amd64"] = b"evil"
    mirrored = parse(changed("artifacts", {"mirrors": [releases.base]}), where=WHERE)

    done = bundle([artifact], mirrored, tmp_path / "bundle")
    assert done[0].path.read_bytes() == right

    with pytest.raises(FetchError) as caught:
        bundle([artifact], settings, tmp_path / "other")
    assert f"instead of {artifact.sha256}" in str(caught.value)
    assert [path for path in (tmp_path / "other").rglob("*") if path.is_file()] == []


def test_a_need_that_is_not_locked_is_told_before_anything_is_fetched(
    releases: Releases, tmp_path: Path
) -> None:
    raw = changed("runtime.containerd.version", "2.99.0")

    with pytest.raises(ArtifactNotLocked):
        needed(parse(raw, where=WHERE), tmp_path)
    assert releases.requests == []
