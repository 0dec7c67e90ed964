"""A weight file is exactly what it should be, or one sentence says what it is not."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.architecture import ARCHITECTURES, PHASE5, PRE_PHASE5, Architecture
from models.errors import WeightsError
from models.initial import initial_tensors
from models.tensor_file import check_tensors, parse_tensors, tensor_bytes
from tests.models.files import header_length, header_of, with_header
from tests.shared import SHARED, needs_shared

TENSORS = initial_tensors(PHASE5, 1)
FILE = tensor_bytes(PHASE5, TENSORS)
HEADER_END = 8 + header_length(FILE)


def refusal(data: bytes) -> str:
    with pytest.raises(WeightsError) as caught:
        parse_tensors(data, "FILE")
    sentence = str(caught.value)
    assert sentence.startswith("FILE: ")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_what_was_written_is_read_again(architecture: Architecture) -> None:
    tensors = initial_tensors(architecture, 3)
    found, read = parse_tensors(tensor_bytes(architecture, tensors), "FILE")
    assert found is architecture
    assert list(read) == list(architecture.shapes)
    assert all(np.array_equal(read[name], tensors[name]) for name in tensors)


@needs_shared
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_an_original_file_read_and_written_gives_the_same_bytes(architecture: Architecture) -> None:
    original = (SHARED / "weights" / architecture.name / "rl_model.safetensors").read_bytes()
    found, tensors = parse_tensors(original, "FILE")
    assert tensor_bytes(found, tensors) == original


def test_the_files_have_the_specified_sizes() -> None:
    assert len(FILE) == 158_112
    assert len(tensor_bytes(PRE_PHASE5, initial_tensors(PRE_PHASE5, 1))) == 154_576


def test_read_tensors_cannot_be_written_to() -> None:
    _, tensors = parse_tensors(FILE, "FILE")
    assert not any(array.flags.writeable for array in tensors.values())


def test_an_empty_file_is_called_empty() -> None:
    assert "is empty" in refusal(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 a zip file",
        b"{}",
        struct.pack("<Q", 2**63) + FILE[8:],
        struct.pack("<Q", 0) + FILE[8:],
        FILE + b"\x00",
        FILE[:-1],
        FILE[: HEADER_END - 1],
        struct.pack("<Q", 4) + b"null" + FILE[HEADER_END:],
    ],
)
def test_what_is_no_whole_safetensors_file_is_refused(data: bytes) -> None:
    assert "is cut short or not a safetensors file" in refusal(data)


def test_a_missing_tensor_is_named() -> None:
    tensors = {name: a for name, a in TENSORS.items() if name != "critic.fc2.weight"}
    shapes = {name: PHASE5.shapes[name] for name in tensors}
    data = tensor_bytes(Architecture("cut", shapes, {}), tensors)
    assert "beside phase5 it lacks critic.fc2.weight" in refusal(data)


def test_an_extra_tensor_is_named() -> None:
    shapes = {**PHASE5.shapes, "actor.extra": (2,)}
    data = tensor_bytes(Architecture("more", shapes, {}), {**TENSORS, "actor.extra": np.ones(2)})
    assert "has the unknown actor.extra" in refusal(data)


def test_a_wrong_shape_is_named_with_both_shapes() -> None:
    header = header_of(FILE)
    entry = header["actor.fc1.weight"]
    assert isinstance(entry, dict)
    entry["shape"] = [50, 64]
    assert "actor.fc1.weight is 50x64 instead of 64x50" in refusal(with_header(FILE, header))


def test_a_wrong_type_is_named() -> None:
    header = header_of(FILE)
    entry = header["actor.fc1.weight"]
    assert isinstance(entry, dict)
    entry["dtype"] = "I32"
    assert "actor.fc1.weight is I32 instead of F32" in refusal(with_header(FILE, header))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_refused(bad: float) -> None:
    tensors = {**TENSORS, "critic.ln2.bias": np.full(96, bad, np.float32)}
    sentence = "critic.ln2.bias holds 96 NaN or infinite numbers of 96"
    assert sentence in refusal(tensor_bytes(PHASE5, tensors))
    with pytest.raises(WeightsError, match=sentence):
        check_tensors(tensors, "FILE")


def test_arrays_of_another_type_are_not_saved() -> None:
    doubles = {name: array.astype(np.float64) for name, array in TENSORS.items()}
    with pytest.raises(WeightsError, match="is float64 instead of float32"):
        check_tensors(doubles, "FILE")


@given(st.integers(0, len(FILE) - 1))
def test_no_truncation_is_read(length: int) -> None:
    refusal(FILE[:length])


@given(st.integers(0, HEADER_END * 8 - 1))
def test_a_flipped_bit_in_the_header_is_refused_or_changes_nothing(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    try:
        _, tensors = parse_tensors(bytes(data), "FILE")
    except WeightsError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, so raises() cannot ask
    else:
        assert all(np.array_equal(tensors[name], TENSORS[name]) for name in TENSORS)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    refusal(noise)
