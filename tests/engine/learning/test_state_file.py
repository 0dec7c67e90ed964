"""A checkpoint is whole or refused: nothing in between."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save

from engine.errors import LearnerStateError
from engine.learning import state_file
from engine.learning.state_file import seal, torn, unseal

FACTS = {"number": 2**100, "rate": 0.1 + 0.2, "name": "zürich"}
ARRAYS: dict[str, NDArray[Any]] = {
    "alone": np.array(7, np.int64),
    "empty": np.zeros((0, 18), np.float32),
    "legal": np.array([True, False, True]),
    "turned": np.arange(6, dtype=np.float64).reshape(2, 3).T,
}


def refusal(data: bytes) -> str:
    with pytest.raises(LearnerStateError) as caught:
        unseal(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def resealed(body: bytes) -> bytes:
    """A body that nobody would write, under a digest that fits it."""
    return b"trade-console-learner 1 " + state_file._digest(body) + b"\n" + body


def test_what_was_sealed_is_read_again_to_the_last_bit() -> None:
    text, arrays = unseal(seal(FACTS, ARRAYS))
    assert json.loads(text) == FACTS
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (arrays[name].shape, arrays[name].dtype) == (array.shape, array.dtype)
        assert np.array_equal(arrays[name], array)


def test_the_same_state_gives_the_same_bytes() -> None:
    assert seal(FACTS, ARRAYS) == seal(dict(FACTS), dict(reversed(list(ARRAYS.items()))))


def test_no_bit_can_be_flipped_unseen() -> None:
    data = seal({"n": 1}, {"a": np.zeros(2, np.float32)})
    for place in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            assert torn(bytes(flipped)), (place, bit)


def test_a_file_cut_anywhere_is_refused() -> None:
    data = seal({"n": 1}, {"a": np.zeros(2, np.float32)})
    assert all(torn(data[:length]) for length in range(len(data)))
    assert "torn or was changed" in refusal(data + b"\0")


def test_an_empty_file_is_one_sentence() -> None:
    assert "no checkpoint of a learner" in refusal(b"")


def test_a_newer_version_is_refused_by_that_name() -> None:
    data = seal(FACTS, ARRAYS).replace(b"learner 1 ", b"learner 2 ", 1)
    assert "another version of this program" in refusal(data)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff" * 64, b"\2\0\0\0\0\0\0\0{}"])
def test_a_body_that_is_no_arrays_is_one_sentence_although_its_digest_fits(body: bytes) -> None:
    assert "holds no" in refusal(resealed(body))


def test_arrays_without_facts_are_refused() -> None:
    assert "holds no facts" in refusal(resealed(save({"a": np.zeros(1)})))


def test_nan_is_no_fact() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        seal({"loss": float("nan")}, {})
