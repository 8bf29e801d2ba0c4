"""An operator's own fields over rendered ones: what is added, replaced and taken away."""

from __future__ import annotations

from components.manifests.merge import merged


def test_tables_merge_field_by_field_and_nothing_else_is_lost() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": 3}
    assert merged(base, {"a": {"b": 4, "e": 5}}) == {"a": {"b": 4, "c": 2, "e": 5}, "d": 3}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3}


def test_null_takes_a_field_away_at_any_depth_and_never_reaches_kubernetes() -> None:
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}) == {"a": {"c": 2}}
    assert merged({"a": 1}, {"a": None, "x": None}) == {}
    assert merged({}, {"a": {"b": None, "c": 1}}) == {"a": {"c": 1}}
    assert merged({}, {"l": [{"name": "x", "y": None}]}) == {"l": [{"name": "x"}]}
    assert merged({"l": [1]}, {"l": [{"y": None, "z": [{"y": None}]}]}) == {"l": [{"z": [{}]}]}


def test_lists_of_named_things_merge_by_name_and_new_ones_come_last() -> None:
    base = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}
    override = {"containers": [{"name": "c", "image": "3"}, {"name": "b", "tty": True}]}
    assert merged(base, override)["containers"] == [
        {"name": "a", "image": "1"},
        {"name": "b", "image": "2", "tty": True},
        {"name": "c", "image": "3"},
    ]


def test_two_mounts_of_one_volume_are_both_kept() -> None:
    base = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    mounts = [{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/b"}]
    assert merged(base, {"volumeMounts": mounts}) == {"volumeMounts": mounts}


def test_any_other_list_is_replaced() -> None:
    assert merged({"args": ["a", "b"]}, {"args": ["c"]}) == {"args": ["c"]}
    assert merged({"x": [{"name": "a"}]}, {"x": [{"key": "a"}]}) == {"x": [{"key": "a"}]}
