"""The lines that are said over the control socket: one JSON object each, in both directions.

Owns their form and limits, no socket. A question names what to do, ``{"do": "status"}``; an answer
begins with whether it was done, ``{"ok": true, ...}`` or ``{"ok": false, "why": "one sentence"}``.
Only a stop is answered by more than one line, the last of which has ``"last": true``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine import requests as rq
from engine.errors import ConsoleError

Said = dict[str, Any]
"""One line, read."""

LONGEST_QUESTION = 64 * 1024
"""Bytes of a question, its line feed included."""
LONGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer; a full snapshot takes about 0.3 MB."""
STOP_S = 10.0
"""Real seconds after which a halt's evidence is told as far as it goes."""
FLATTEN_S = 30.0
"""The same of a flatten, which has to sell."""

CONTROL_SOCKET = "control socket"
"""Who asked, where a question does not name anybody."""

ASKED = {kind.__name__: kind for kind in get_args(rq.Request)}
"""Every request of `engine.requests`, by its name."""


class ProtocolError(ConsoleError):
    """A line that cannot be understood, in one sentence."""


def line(said: Mapping[str, Any]) -> bytes:
    """`said` as it goes over the socket; what is not finite goes as null."""
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def read(raw: bytes) -> Said:
    """The object on a line. Raises ProtocolError where there is none."""
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"this line is no JSON ({error}); say one object a line") from None
    if not isinstance(said, dict):
        raise ProtocolError('this line is no object; say for example {"do": "status"}')
    return said


def refusal(why: str) -> Said:
    """The answer to what cannot be done."""
    return {"ok": False, "why": why, "last": True}


def request_said(request: rq.Request) -> Said:
    """`request` as a question."""
    fields = dataclasses.asdict(request)
    return {"do": "ask", "what": type(request).__name__, "with": fields}


def request_heard(said: Said) -> rq.Request:
    """The request that a question holds. Raises ProtocolError where it is none of the known."""
    name, given = said.get("what"), said.get("with", {})
    kind = ASKED.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError(f"there is no request {name!r:.40}; there are {', '.join(ASKED)}")
    fields = dataclasses.fields(kind)
    needed = {field.name for field in fields if field.default is dataclasses.MISSING}
    if not isinstance(given, dict) or not needed <= set(given) <= {f.name for f in fields}:
        wanted = ", ".join(field.name for field in fields) or "nothing"
        raise ProtocolError(f'{name} takes {wanted} under "with"')
    try:
        request: rq.Request = _reader(kind).validate_json(orjson.dumps([given]))[0]
    except ValidationError as error:
        first = error.errors()[0]
        raise ProtocolError(f"{name}: {first['loc'][-1]}: {first['msg']}") from None
    return request


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    """Strict, which takes a tuple around it: a dataclass takes no configuration from outside."""
    return TypeAdapter(tuple[kind], config=ConfigDict(strict=True))
