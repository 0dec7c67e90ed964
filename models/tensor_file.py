"""Tensors to and from the bytes of a safetensors file.

Reading is strict: the tensors of exactly one known architecture, float32, finite, or a
WeightsError. Writing gives, for tensors of an original file, that file's bytes.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from models.architecture import Architecture, Shape, detect
from models.errors import WeightsError

Array = NDArray[np.float32]
Tensors = dict[str, Array]
"""Tensor name to a read-only float32 array, in the order of the architecture's table."""

LARGEST = 1 << 20
"""Bytes; six times the larger of the two architectures."""


def parse_tensors(data: bytes, where: str) -> tuple[Architecture, Tensors]:
    """The architecture and tensors in `data`.

    Raises WeightsError, in which `where` names the file, unless the tensors are exactly those
    of a known architecture, all float32 and finite.
    """
    entries = _entries(data, where)
    architecture = _known(where, {name: tuple(e["shape"]) for name, e in entries.items()})
    return architecture, {name: _tensor(name, entries[name], where) for name in architecture.shapes}


def check_tensors(tensors: Mapping[str, NDArray[Any]], where: str) -> Architecture:
    """The architecture of arrays that are about to be saved; WeightsError as when read."""
    architecture = _known(where, {name: array.shape for name, array in tensors.items()})
    for name, array in tensors.items():
        if array.dtype != np.float32:
            raise WeightsError(f"{where}: {name} is {array.dtype} instead of float32")
        _refuse_non_finite(name, array, where)
    return architecture


def tensor_bytes(architecture: Architecture, tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The file: length and text of the header, then the tensors in the table's order.

    Written here because ``mx.save_safetensors`` and ``safetensors`` each put tensors in an order
    of their own (a hash map's; by alignment and name), and saving an original file must give its
    bytes again so that its sha256 keeps naming it.
    """
    header: dict[str, object] = {"__metadata__": None}
    start = 0
    for name, shape in architecture.shapes.items():
        end = start + 4 * math.prod(shape)
        header[name] = {"data_offsets": [start, end], "dtype": "F32", "shape": list(shape)}
        start = end
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    data = (np.asarray(tensors[name], "<f4").tobytes() for name in architecture.shapes)
    return b"".join((struct.pack("<Q", len(text)), text, *data))


def _entries(data: bytes, where: str) -> dict[str, Any]:
    if not data:
        raise WeightsError(f"{where}: is empty; copy the file again")
    try:
        return dict(deserialize(data))  # type: ignore[no-untyped-call]  # its stub has no types
    except SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing: ")
        raise WeightsError(
            f"{where}: is cut short or not a safetensors file ({reason}); copy it again"
        ) from None


def _known(where: str, shapes: Mapping[str, Shape]) -> Architecture:
    architecture, difference = detect(shapes)
    if difference:
        raise WeightsError(
            f"{where}: is of no known architecture: beside {architecture.name} it {difference}"
        )
    return architecture


def _tensor(name: str, entry: Mapping[str, Any], where: str) -> Array:
    if entry["dtype"] != "F32":
        raise WeightsError(f"{where}: {name} is {entry['dtype']} instead of F32; convert it")
    # bytes, not the bytearray given: nobody can then write to what a policy id names.
    array = np.frombuffer(bytes(entry["data"]), "<f4").reshape(entry["shape"])
    _refuse_non_finite(name, array, where)
    return array


def _refuse_non_finite(name: str, array: Array, where: str) -> None:
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        raise WeightsError(f"{where}: {name} holds {bad} NaN or infinite numbers of {array.size}")
