"""A manifest is whole, or one sentence says what is wrong with it."""

from __future__ import annotations

import json
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


def test_a_later_format_is_refused_by_its_number() -> None:
    assert "has format version 2 instead of 1" in refusal(changed(version=2))


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
    ],
)
def test_a_value_of_the_wrong_kind_is_named(key: str, value: object) -> None:
    assert f"{key} cannot be" in refusal(changed(**{key: value}))


@given(st.integers(0, len(manifest_bytes(MANIFEST)) - 2))
def test_no_truncation_is_read(length: int) -> None:
    refusal(manifest_bytes(MANIFEST)[:length])
