"""Images go by their digest."""

from __future__ import annotations

from policies.rules.images import pinned_images
from policies.values import UNKNOWN
from tests.unit.policies.subjects import deployment, runtime, subject

DIGEST = "sha256:" + "0a" * 32
ANY: dict[str, list[str]] = {"exempt": []}


def test_an_image_with_a_tag_is_named_and_one_with_a_digest_passes() -> None:
    spec = {
        "containers": [
            {"name": "tagged", "image": "registry.example.com/app:1"},
            {"name": "pinned", "image": f"registry.example.com/app:1@{DIGEST}"},
            {"name": "later", "image": UNKNOWN},
        ],
        "volumes": [{"name": "model", "image": {"reference": "registry.example.com/model:1"}}],
    }
    found = list(pinned_images(deployment(spec), ANY))
    assert [each.where for each in found] == ["container tagged, image", "volume model, image"]
    assert "registry.example.com/app:1@sha256:" in found[0].mend


def test_half_a_digest_pins_nothing() -> None:
    spec = {"containers": [{"name": "a", "image": "app@sha256:0a0a"}]}
    assert list(pinned_images(deployment(spec), ANY))


def test_images_of_machines_and_of_spin_apps_count_too() -> None:
    machine = runtime(
        {}, runtime={"sandboxImage": "pause:3", "shims": [{"name": "spin", "canaryImage": "c:1"}]}
    )
    assert [each.where for each in pinned_images(machine, ANY)] == [
        "runtime.sandboxImage",
        "canaryImage of shim spin",
    ]
    app = subject("kubernetes:core.spinkube.dev/v1alpha1:SpinApp", {"spec": {"image": "a:1"}})
    assert [each.where for each in pinned_images(app, ANY)] == ["spec.image"]


def test_a_stack_can_exempt_what_it_builds_itself() -> None:
    spec = {"containers": [{"name": "a", "image": "registry.lab/greeter:1"}]}
    assert not list(pinned_images(deployment(spec), {"exempt": ["registry.lab/"]}))
    assert list(pinned_images(deployment(spec), {"exempt": ["registry.other/"]}))
