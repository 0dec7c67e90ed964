"""A snapshot as JSON and back, exactly: None, tuples and an infinite speed included.

Owns the form in which a running engine's picture goes to another process, and the mark by which
the two know that they mean the same fields. Two versions whose snapshots differ must not guess.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine.errors import ConsoleError
from engine.snapshot import Snapshot


class CodecError(ConsoleError):
    """A picture from another version of the program, or none at all."""


def encode(snapshot: Snapshot) -> bytes:
    """`snapshot` as one line of JSON without its line feed; about half a millisecond."""
    return _adapter().dump_json((snapshot,))


def decode(raw: bytes) -> Snapshot:
    """What `encode` wrote; a few milliseconds. Raises CodecError where it is anything else."""
    try:
        (snapshot,) = _adapter().validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CodecError(f"the engine sent a picture with {place}: {first['msg']}") from None
    return snapshot


@cache
def shape() -> str:
    """A short mark of every field of a snapshot, by name, order and type."""
    said = "\n".join(_fields(Snapshot, set()))
    return hashlib.sha256(said.encode()).hexdigest()[:12]


@cache
def _adapter() -> TypeAdapter[tuple[Snapshot]]:
    """Wrapped in a tuple, since a dataclass takes no configuration from outside."""
    return TypeAdapter(tuple[Snapshot], config=ConfigDict(ser_json_inf_nan="strings"))


def _fields(kind: type[Any], known: set[type[Any]]) -> Iterator[str]:
    known.add(kind)
    for name, hint in get_type_hints(kind).items():
        yield f"{kind.__name__}.{name}: {hint}"
        for part in _parts(hint):
            if part not in known:
                yield from _fields(part, known)


def _parts(hint: Any) -> Iterator[type[Any]]:
    """The dataclasses that a type is made of."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
    for inner in get_args(hint):
        yield from _parts(inner)
