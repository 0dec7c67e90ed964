"""The engine of the pictures: the same engine as always, at the same instant each time."""

from __future__ import annotations

from dataclasses import replace

from console.standing import AFTER_REQUEST_MS, learning_engine, pinned, standing_engine
from engine.requests import Halt, SetLearning
from engine.snapshot import MemoryView, Snapshot
from tests.console.fakes import sample_snapshot


def seen(market_ms: int) -> Snapshot:
    with standing_engine(seed=3, market_ms=market_ms) as engine:
        return engine.latest()


def test_one_seed_gives_one_snapshot() -> None:
    first, second = seen(20_000), seen(20_000)
    assert first == second
    assert first.decisions > 0
    assert first.state == "ACTIVE"


def test_market_time_moves_only_when_asked_and_a_halt_shuts_the_gate() -> None:
    with standing_engine(seed=3, market_ms=5_000) as engine:
        before = engine.latest()
        assert engine.latest() is before
        engine.ask(Halt("key"))
        after = engine.latest()
        assert after.state == "HALTED"
        assert after.t_ms - before.t_ms == AFTER_REQUEST_MS
        assert any("-> HALTED" in line.text for line in after.log)


def test_it_is_guarded_like_every_other_run_and_a_stop_tells_its_evidence() -> None:
    with standing_engine(seed=3, market_ms=5_000) as engine:
        assert engine.latest().safety.drill.passed
        assert all(duty.fresh for duty in engine.latest().safety.duties)
        engine.ask(Halt("key"))
        stop = engine.latest().safety.stop
    assert stop is not None
    assert stop.done
    assert stop.kept


def test_beside_a_standing_engine_a_challenger_keeps_up_and_can_be_switched() -> None:
    with learning_engine(seed=3, market_ms=10_000) as engine:
        learner = engine.latest().learning
        assert learner.on
        assert learner.rows > 0
        assert learner.behind_s == 0
        engine.ask(SetLearning(on=False))
        assert not engine.latest().learning.on


def test_what_the_machine_measured_is_pinned_and_nothing_else() -> None:
    one = sample_snapshot()
    other = replace(
        one, memory=MemoryView(rss=1, histories=1_440), loop_gap_ms=99.0, decision_us=1.0
    )
    assert pinned(one) == pinned(other)
    assert pinned(one).memory.histories == 1_440
    assert pinned(replace(one, decision_us=None)).decision_us is None
    assert pinned(one).pnl == one.pnl
