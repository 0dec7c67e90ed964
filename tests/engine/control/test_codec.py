"""A snapshot as JSON and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from engine.control import codec
from engine.control.codec import CodecError, decode, encode, shape
from engine.safety_view import AlertView, SafetyView
from engine.snapshot import Snapshot
from tests.console.fakes import sample_snapshot
from tests.engine.control.ports import UNDERWAY


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot(),
        sample_snapshot(),
        sample_snapshot(speed=math.inf),
        sample_snapshot(failure="the disk is gone", unrealised=None),
        sample_snapshot(
            safety=SafetyView(stop=UNDERWAY, alerts=(AlertView(1, 2, "fill", "info", "é\n"),))
        ),
    ],
    ids=["empty", "rich", "at full speed", "failed", "stopping"],
)
def test_a_picture_arrives_as_it_was_sent(snapshot: Snapshot) -> None:
    raw = encode(snapshot)
    assert b"\n" not in raw
    assert decode(raw) == snapshot


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"[1]", b'[{"seq": "x"}]', b"\xff"])
def test_anything_else_is_refused_in_one_sentence(raw: bytes) -> None:
    with pytest.raises(CodecError, match=r"^the engine sent a picture with [^\n]*$"):
        decode(raw)


def test_the_mark_changes_with_any_field(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Later(Snapshot):
        added: int = 0

    before = shape()
    monkeypatch.setattr(codec, "Snapshot", Later)
    shape.cache_clear()
    after = shape()
    monkeypatch.undo()
    shape.cache_clear()
    assert before != after
    assert shape() == before
