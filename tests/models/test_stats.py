"""A stats file belongs to its weights, or one sentence says why not; nothing is unpickled."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.architecture import ARCHITECTURES, PHASE5, PRE_PHASE5, Architecture
from models.errors import WeightsError
from models.stats import Stats, parse_stats, stats_bytes
from tests.models.files import stats_of
from tests.shared import SHARED, needs_shared

STATS = stats_of(PHASE5)
FILE = stats_bytes(STATS, PHASE5)


def entries() -> dict[str, Any]:
    with np.load(io.BytesIO(FILE)) as file:
        return {name: file[name] for name in file.files}


def packed(values: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def refusal(data: bytes, architecture: Architecture = PHASE5) -> str:
    with pytest.raises(WeightsError) as caught:
        parse_stats(data, architecture, "FILE")
    sentence = str(caught.value)
    assert sentence.startswith("FILE: ")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_what_was_written_is_read_again(architecture: Architecture) -> None:
    stats = stats_of(architecture)
    assert parse_stats(stats_bytes(stats, architecture), architecture, "FILE") == stats


@needs_shared
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_an_original_file_read_and_written_gives_the_same_bytes(architecture: Architecture) -> None:
    original = (SHARED / "weights" / architecture.name / "rl_model_stats.npz").read_bytes()
    assert stats_bytes(parse_stats(original, architecture, "FILE"), architecture) == original


def test_a_compressed_file_is_read() -> None:
    file = io.BytesIO()
    np.savez_compressed(file, **entries())
    assert parse_stats(file.getvalue(), PHASE5, "FILE") == STATS


@pytest.mark.parametrize("name", PHASE5.dimensions)
def test_a_dimension_that_disagrees_with_the_weights_is_refused(name: str) -> None:
    wrong = packed({**entries(), name: np.int64(PHASE5.dimensions[name] * 2)})
    sentence = refusal(wrong)
    assert f"{name} is {PHASE5.dimensions[name] * 2}" in sentence
    assert f"have {PHASE5.dimensions[name]}" in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reward_mean", np.nan),
        ("reward_mean", np.inf),
        ("reward_std", np.nan),
        ("reward_std", -1.0),
        ("reward_std", np.inf),
        ("reward_count", np.int64(-1)),
        ("gamma", np.nan),
        ("gamma", 0.0),
        ("gamma", 1.01),
        ("buffer_size", np.int64(0)),
    ],
)
def test_statistics_that_make_no_sense_are_refused(name: str, value: object) -> None:
    assert f"{name} cannot be" in refusal(packed({**entries(), name: value}))


def test_a_standard_deviation_of_zero_is_a_value() -> None:
    stats = parse_stats(packed({**entries(), "reward_std": 0.0}), PHASE5, "FILE")
    assert stats.reward_std == 0.0


def test_missing_and_unknown_entries_are_named() -> None:
    values = entries()
    values["gama"] = values.pop("gamma")
    assert "lacks gamma and has the unknown gama" in refusal(packed(values))


def test_the_stats_of_the_other_architecture_are_refused() -> None:
    assert "lacks" in refusal(stats_bytes(stats_of(PRE_PHASE5), PRE_PHASE5), PHASE5)
    assert "has the unknown" in refusal(FILE, PRE_PHASE5)


@pytest.mark.parametrize("value", [np.float32(0.95), np.array([0.95]), np.int64(1), "0.95"])
def test_an_entry_of_another_type_is_refused(value: object) -> None:
    assert "gamma is not a single float64 number" in refusal(packed({**entries(), "gamma": value}))


class Trap:
    """Unpickling it would be noticed."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a stats file was unpickled",))


def test_a_pickled_entry_is_refused_and_never_unpickled() -> None:
    data = packed({**entries(), "gamma": np.array(Trap(), dtype=object)})
    assert "gamma is not a single float64 number" in refusal(data)


def test_an_entry_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gamma.npy", bytes(20_000_000))
    assert "too large" in refusal(file.getvalue())


@given(st.integers(0, len(FILE) - 1))
def test_no_truncation_is_read(length: int) -> None:
    refusal(FILE[:length])


@given(st.integers(0, len(FILE) * 8 - 1))
def test_a_flipped_bit_is_refused_or_changes_nothing(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    try:
        assert parse_stats(bytes(data), PHASE5, "FILE") == STATS
    except WeightsError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, so raises() cannot ask


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    refusal(noise)


def test_phase5_stats_without_the_learners_numbers_are_not_saved() -> None:
    with pytest.raises(WeightsError, match="gamma and buffer_size are needed"):
        stats_bytes(Stats(0.0, 1.0, 0), PHASE5)
