"""Rules between signed images, the namespaces and apps of a stack, and its cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from shimyard.settings.base import FieldError
from shimyard.settings.k3s import release
from shimyard.settings.security.admission import keeps_admission
from shimyard.settings.security.signatures import CONTROLLER_NAMESPACE, SignedImagesSettings
from shimyard.settings.workloads.pod import AppSettings, PodsSettings
from shimyard.settings.workloads.rules import (
    BUILT_IN_NAMESPACE,
    all_apps_of,
    namespaces_of,
)

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings

_FIELD = "security.signedImages"
_IMAGE_VOLUMES = (1, 31, 0)


def check_signed_images(stack: StackSettings) -> None:
    """Raise ``FieldError`` for what would leave a hole, or an app that could never start."""
    signed = stack.security.signed_images
    if signed is None:
        return
    _has_a_cluster_for_it(stack)
    keeps_admission(stack, _FIELD)
    _exempts_what_is_there(signed, stack)
    _labels_only_its_own(signed, stack)
    _reaches_what_it_needs(signed, stack)
    _mounts_no_images(signed, stack)
    _can_judge_each_image(signed, stack)


def _has_a_cluster_for_it(stack: StackSettings) -> None:
    if stack.cluster is None:
        raise FieldError(
            _FIELD, "needs a cluster to hold pods to it; add a `cluster` section, or remove it"
        )
    if release(stack.cluster.version) < _IMAGE_VOLUMES:
        raise FieldError(
            "cluster.version",
            f"is {stack.cluster.version}, whose API server can't refuse images that are mounted "
            f"as volumes (ValidatingAdmissionPolicy), so {_FIELD} would have a hole; use 1.31 or "
            "newer, or remove it",
        )


def _exempts_what_is_there(signed: SignedImagesSettings, stack: StackSettings) -> None:
    known = {each.name for _, each in namespaces_of(stack)} | {BUILT_IN_NAMESPACE}
    for index, exemption in enumerate(signed.exempt):
        if exemption.namespace not in known:
            raise FieldError(
                f"{_FIELD}.exempt[{index}].namespace",
                f"there is no namespace '{exemption.namespace}' in the stack, and others are not "
                "held anyway; remove the entry",
            )


def _labels_only_its_own(signed: SignedImagesSettings, stack: StackSettings) -> None:
    for field, namespace in namespaces_of(stack):
        if namespace.name == CONTROLLER_NAMESPACE:
            raise FieldError(
                f"{field}.name",
                f"'{CONTROLLER_NAMESPACE}' is the controller's own, which {_FIELD} makes; choose "
                "another name",
            )
        if namespace.existing and signed.holds(namespace.name):
            raise FieldError(
                f"{field}.existing",
                f"'{namespace.name}' is not Shimyard's to label, so nothing would hold its pods "
                f"to signed images; remove existing, or add it to {_FIELD}.exempt",
            )
    named = {each.name for _, each in namespaces_of(stack)}
    for field, app in all_apps_of(stack):
        if app.namespace not in named and signed.holds(app.namespace):
            raise FieldError(
                f"{field}.namespace",
                f"'{app.namespace}' is not Shimyard's to label, so nothing would hold the app to "
                f"signed images; use a namespace of the stack, or add it to {_FIELD}.exempt",
            )


def _reaches_what_it_needs(signed: SignedImagesSettings, stack: StackSettings) -> None:
    if not stack.artifacts.air_gap:
        return
    for field, authority in signed.authorities():
        if authority.needs_public_sigstore:
            raise FieldError(
                f"{_FIELD}.{field}",
                "is verified with keys of the public Sigstore, which the controller can't fetch "
                "behind artifacts.airGap; use a key without rekor, or keyless with a trustRoot",
            )


def _mounts_no_images(signed: SignedImagesSettings, stack: StackSettings) -> None:
    for index, host in enumerate(stack.platform.plugin_hosts):
        if signed.holds(host.namespace):
            raise FieldError(
                f"platform.pluginHosts[{index}].namespace",
                f"'{host.namespace}' takes signed images only, and plugins are mounted from "
                "images, whose signatures no controller verifies; use another namespace, and add "
                f"it to {_FIELD}.exempt",
            )


def _can_judge_each_image(signed: SignedImagesSettings, stack: StackSettings) -> None:
    for field, app in all_apps_of(stack):
        if not signed.holds(app.namespace):
            continue
        for place, image in (*_images(app, field), *_overriding(app, field)):
            if "@" not in image:
                raise FieldError(
                    place,
                    f"{image} has no digest, so the controller would add the one of the moment, "
                    "and each `up` would take that away again; write it as "
                    f"{image}@sha256:..., with the digest that was signed",
                )
            judged = any(policy.holds_for(image) for policy in signed.policies)
            if signed.unmatched == "deny" and not judged:
                raise FieldError(
                    place,
                    f"no policy of {_FIELD} is for {image}, so its pods would be refused; add a "
                    "pattern for it to a policy's images, or set unmatched",
                )


def _overriding(app: AppSettings, path: str) -> Iterator[tuple[str, str]]:
    """(field, image) of what an app's podOverride puts into its pods."""
    override = app.pod_override if isinstance(app, PodsSettings) else {}
    for kind in ("initContainers", "containers", "volumes"):
        found = override.get(kind)
        for index, each in enumerate(found if isinstance(found, list) else []):
            image = each.get("image") if isinstance(each, dict) else None
            place = f"{path}.podOverride.{kind}[{index}].image"
            if kind == "volumes" and image is not None:
                raise FieldError(
                    place,
                    "is mounted as a volume, and no controller verifies the signatures of those; "
                    "remove it",
                )
            if isinstance(image, str):
                yield place, image


def _images(model: BaseModel, path: str) -> Iterator[tuple[str, str]]:
    """(field, image) of all containers below ``model``."""
    for name, field in type(model).model_fields.items():
        value, place = getattr(model, name), f"{path}.{field.alias}"
        if name in {"image", "artifact"} and isinstance(value, str):
            yield place, value
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(each, BaseModel):
                below = f"{place}[{index}]" if isinstance(value, list) else place
                yield from _images(each, below)
