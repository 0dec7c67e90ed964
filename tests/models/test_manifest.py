"""A manifest is whole, or one sentence says what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import WeightsError
from models.manifest import Manifest, manifest_bytes, parse_manifest
from tests.models.files import ORIGIN

MANIFEST = Manifest("phase5", "ab" * 32, "cd" * 32, ORIGIN)


def refusal(data: bytes) -> str:
    with pytest.raises(WeightsError) as caught:
        parse_manifest(data, "FILE")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(**values: Any) -> bytes:
    return json.dumps({**json.loads(manifest_bytes(MANIFEST)), **values}).encode()


def first_format(version: int = 1) -> bytes:
    flat = json.loads(manifest_bytes(MANIFEST))
    del flat["learned_until"], flat["learned_from"]
    return json.dumps({**flat, "version": version}).encode()


def test_what_was_written_is_read_again() -> None:
    assert parse_manifest(manifest_bytes(MANIFEST), "FILE") == MANIFEST


def test_a_manifest_without_stats_is_read_again() -> None:
    bare = Manifest("phase5", "ab" * 32, None, ORIGIN)
    assert parse_manifest(manifest_bytes(bare), "FILE") == bare


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[" * 60_000, b"nonsense"],
    ids=["empty", "cut", "no text", "nested deeply", "nonsense"],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert "is not JSON" in refusal(data)


def test_json_of_another_kind_is_refused() -> None:
    assert "is not a JSON object" in refusal(b"[]")


@pytest.mark.parametrize("version", [3, True, 1.0, None, "2", [1]])
def test_another_format_is_refused_by_its_number(version: object) -> None:
    assert f"has format version {version!r} instead of 2" in refusal(changed(version=version))


def test_what_was_learned_from_is_read_again() -> None:
    origin = replace(ORIGIN, learned_until=1_767_600_000_123, learned_from=("a.gz", "seed 7"))
    learned = replace(MANIFEST, origin=origin)
    assert parse_manifest(manifest_bytes(learned), "FILE") == learned


def test_the_first_format_is_read_and_learned_from_nothing_known() -> None:
    found = parse_manifest(first_format(), "FILE")
    assert found == MANIFEST
    assert (found.origin.learned_until, found.origin.learned_from) == (None, ())


def test_each_format_has_its_own_keys_and_no_others() -> None:
    assert "(learned_from, learned_until)" in refusal(changed(version=1))
    assert "(learned_from, learned_until)" in refusal(first_format(version=2))


def test_a_manifest_that_could_not_be_read_again_is_not_written() -> None:
    origin = replace(ORIGIN, learned_from=tuple(f"{n:0100}" for n in range(700)))
    with pytest.raises(WeightsError, match="name fewer"):
        manifest_bytes(replace(MANIFEST, origin=origin))


def test_unknown_keys_are_named() -> None:
    assert "(shoe_size)" in refusal(changed(shoe_size=43))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sha256", "AB" * 32),
        ("sha256", None),
        ("stats_sha256", "abc"),
        ("parent", 5),
        ("trained", 1),
        ("trained", None),
        ("profile", []),
        ("architecture", None),
        ("created_by", {}),
        ("learned_until", True),
        ("learned_until", -1),
        ("learned_until", 1.5),
        ("learned_from", None),
        ("learned_from", "a.gz"),
        ("learned_from", [1]),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(key: str, value: object) -> None:
    assert f"{key} cannot be" in refusal(changed(**{key: value}))


@given(st.integers(0, len(manifest_bytes(MANIFEST)) - 2))
def test_no_truncation_is_read(length: int) -> None:
    refusal(manifest_bytes(MANIFEST)[:length])
