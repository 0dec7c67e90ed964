"""The envelope of a learner's checkpoint: words and arrays to bytes that cannot lie.

One line with format, version and sha256, then a safetensors body whose tensor ``facts`` is JSON
text. A file that was torn, or in which any bit flipped, is refused as a whole. What the facts and
arrays mean is `engine.learning.learner_state`'s matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.errors import LearnerStateError

Arrays = Mapping[str, NDArray[Any]]
"""Name to array of numbers or booleans."""

VERSION: Final = 1
"""Of the facts and arrays inside; another one is refused."""

LARGEST: Final = 1 << 28
"""Bytes; a full rollout has some 40 million."""

_FORMAT: Final = b"trade-console-learner"
_FACTS: Final = "facts"


def seal(facts: Mapping[str, Any], arrays: Arrays) -> bytes:
    """The file. ValueError for facts that JSON cannot hold, NaN among them."""
    text = json.dumps(facts, allow_nan=False, separators=(",", ":")).encode()
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    body = save({**plain, _FACTS: np.frombuffer(text, np.uint8)})
    return b"%s %d %s\n" % (_FORMAT, VERSION, _digest(body)) + body


def unseal(data: bytes) -> tuple[bytes, dict[str, NDArray[Any]]]:
    """The facts as JSON text, and the arrays.

    Raises LearnerStateError for anything that `seal` did not write whole.
    """
    fault = torn(data)
    if fault:
        raise LearnerStateError(fault)
    try:
        arrays = load(data[data.index(b"\n") + 1 :])
    # KeyError: a kind of number that numpy does not have.
    except (SafetensorError, KeyError, ValueError) as error:
        raise LearnerStateError(f"holds no arrays ({error})") from None
    facts = arrays.pop(_FACTS, None)
    if facts is None:
        raise LearnerStateError("holds no facts")
    return facts.tobytes(), arrays


def torn(data: bytes) -> str:
    """Why these bytes are not a whole checkpoint of this version, or ""."""
    head, _, body = data.partition(b"\n")
    words = head.split(b" ")
    if len(words) != 3 or words[0] != _FORMAT:
        return "is no checkpoint of a learner, or its beginning is damaged"
    if words[1] != b"%d" % VERSION:
        return "is of another version of this program, or its beginning is damaged"
    if words[2] != _digest(body):
        return "is torn or was changed after it was written"
    return ""


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
