"""How an engine's thread may end, and what its latch says afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import requests as rq
from engine.decision import Action
from engine.trading_state import Latch
from tests.engine.test_thread import built, hosted, until


@pytest.mark.parametrize("end", [SystemExit(0), asyncio.CancelledError()])
def test_whatever_ends_the_engine_before_its_time_halts(end: BaseException, tmp_path: Path) -> None:
    def ends_at_the_fourth(call: int) -> Action:
        if call == 3:
            raise end
        return Action.HOLD

    latch = Latch(tmp_path / "HALTED")
    engine = hosted(latch=latch, build=lambda: built(latch, ends_at_the_fourth))
    engine.start()
    assert engine.wait_ended(10)
    assert engine.failure is not None
    assert engine.latest().state == "HALTED"
    assert Latch(tmp_path / "HALTED").shut


def test_a_stop_of_a_run_that_has_ended_halts_the_next_start(tmp_path: Path) -> None:
    """Its screen may stay for days, and the stop key with it."""
    latch = Latch(tmp_path / "HALTED")
    engine = hosted(latch=latch)
    engine.start()
    assert engine.wait_ended(20)
    assert engine.leave()
    engine.ask(rq.Halt("key"))
    assert until(lambda: Latch(tmp_path / "HALTED").shut)
