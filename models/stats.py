"""The running reward statistics that lie beside a model's weights, as ``<stem>_stats.npz``.

Owns that file's format. It repeats dimensions of the weights; one that disagrees is refused,
because whoever wrote it described another network.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np

from models.architecture import Architecture
from models.errors import WeightsError

LARGEST = 1 << 16
"""Bytes; the original files have less than 3,000."""

_REWARD = {"reward_mean": "<f8", "reward_std": "<f8", "reward_count": "<i8"}
_LEARNER = {"gamma": "<f8", "buffer_size": "<i8"}

Number = float | int


@dataclass(frozen=True, slots=True)
class Stats:
    """What training left beside the weights."""

    reward_mean: float
    """Mean of the rewards seen, in the unit of the rewards."""
    reward_std: float
    """Their standard deviation, same unit, not negative."""
    reward_count: int
    """How many were seen."""
    gamma: float | None = None
    """Discount per step in (0, 1]; None where the architecture's file has none."""
    buffer_size: int | None = None
    """Transitions per update; None where the architecture's file has none."""


def parse_stats(data: bytes, architecture: Architecture, where: str) -> Stats:
    """The statistics in `data`, the bytes of an npz file of scalars. Never unpickles.

    Raises WeightsError for missing, unknown or malformed entries, for dimensions other than
    those of `architecture`, and for numbers that make no sense.
    """
    kinds = _kinds(architecture)
    numbers = _numbers(data, kinds, where)
    for name, size in architecture.dimensions.items():
        if numbers[name] != size:
            raise WeightsError(
                f"{where}: {name} is {numbers[name]}, but the {architecture.name} weights beside it"
                f" have {size}; put the stats file of these weights there, or remove it"
            )
    stats = Stats(**{name: numbers[name] for name in kinds if name in Stats.__slots__})  # type: ignore[arg-type]  # _numbers gave each name the kind that _kinds asks for
    refuse_nonsense(stats, where)
    return stats


def stats_bytes(stats: Stats, architecture: Architecture) -> bytes:
    """The npz file, with the entries, order and types of the original ones."""
    known = {**architecture.dimensions, **{n: getattr(stats, n) for n in Stats.__slots__}}
    kinds = _kinds(architecture)
    if any(known[name] is None for name in kinds):
        raise WeightsError(f"gamma and buffer_size are needed in the stats of {architecture.name}")
    file = io.BytesIO()
    np.savez(file, **{name: np.array(known[name], kind) for name, kind in kinds.items()})  # type: ignore[arg-type]  # the stub takes the entries for its own allow_pickle
    return file.getvalue()


def refuse_nonsense(stats: Stats, where: str) -> None:
    """WeightsError for NaN, infinite, negative or out-of-range statistics."""
    for name, wrong in (
        ("reward_mean", not math.isfinite(stats.reward_mean)),
        ("reward_std", not 0 <= stats.reward_std < math.inf),
        ("reward_count", stats.reward_count < 0),
        ("gamma", stats.gamma is not None and not 0 < stats.gamma <= 1),
        ("buffer_size", stats.buffer_size is not None and stats.buffer_size < 1),
    ):
        if wrong:
            raise WeightsError(
                f"{where}: {name} cannot be {getattr(stats, name)}; restore the file or remove it"
            )


def _kinds(architecture: Architecture) -> dict[str, str]:
    """Entry name to numpy type, in the order of the original files."""
    if not architecture.dimensions:
        return dict(_REWARD)
    return {**_REWARD, **dict.fromkeys(architecture.dimensions, "<i8"), **_LEARNER}


def _numbers(data: bytes, kinds: dict[str, str], where: str) -> dict[str, Number]:
    try:
        entries = _members(data)
    # What zipfile raises on damaged input: a cut or rewritten directory, an unknown or encrypted
    # method, a bad checksum, a name that is not text.
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError,
        OverflowError, RuntimeError, ValueError, struct.error,
    ) as error:  # fmt: skip
        raise WeightsError(
            f"{where}: is cut short or not an npz file ({error}); restore the file or remove it"
        ) from None
    missing, unknown = kinds.keys() - entries.keys(), entries.keys() - kinds.keys()
    if missing or unknown:
        fault = f"lacks {', '.join(sorted(missing))}" if missing else ""
        extra = f"has the unknown {', '.join(sorted(unknown)[:3])}" if unknown else ""
        raise WeightsError(
            f"{where}: {' and '.join(x for x in (fault, extra) if x)}; restore the file or remove"
            " it"
        )
    return {name: _scalar(name, entries[name], kind, where) for name, kind in kinds.items()}


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > LARGEST:
            raise ValueError("its entries are too large for single numbers")
        return {info.filename.removesuffix(".npy"): archive.read(info) for info in infos}


def _scalar(name: str, entry: bytes, kind: str, where: str) -> Number:
    """The one number in a ``.npy`` entry.

    A scalar of a given type has one possible head, so it is compared and not parsed: numpy's
    own reader evaluates the head as Python text and allocates what it claims.
    """
    head = _head(kind)
    if not entry.startswith(head) or len(entry) != len(head) + 8:
        raise WeightsError(
            f"{where}: {name} is not a single {np.dtype(kind).name} number; restore the file or"
            " remove it"
        )
    (number,) = struct.unpack("<d" if kind == "<f8" else "<q", entry[len(head) :])
    return number  # type: ignore[no-any-return]  # struct.unpack is untyped; "d" gives float, "q" int


def _head(kind: str) -> bytes:
    """Head of a version 1.0 ``.npy`` entry with one number, padded to 128 bytes."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (), }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text.ljust(117).encode() + b"\n"
