from __future__ import annotations

import mlx.core as mx
import psutil
import pytest

from engine.memory import Memory, measure


def test_resident_bytes_are_those_of_this_process() -> None:
    rss = measure().rss
    assert rss is not None
    assert 5_000_000 < rss < psutil.virtual_memory().total


def test_active_bytes_follow_the_arrays() -> None:
    before = measure().mlx_active
    held = mx.zeros((1000, 1000))
    mx.eval(held)
    during, peak = measure().mlx_active, measure().mlx_peak
    assert before is not None
    assert during is not None
    assert peak is not None
    assert during - before >= held.nbytes == 4_000_000
    assert peak >= during


def test_what_cannot_be_measured_is_unknown_and_not_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise psutil.NoSuchProcess(1)

    def closed() -> int:
        raise RuntimeError("no device")

    monkeypatch.setattr(psutil, "Process", gone)
    monkeypatch.setattr(mx, "get_active_memory", closed)
    assert measure() == Memory(None, None, None, None)
