"""What the trajectories make of a real engine, on scripted windows and on the embedded market."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.feeds.sim import SimFeed
from engine.journal import Journal
from engine.learning.trajectories import Trajectories
from engine.learning.transition import Transition
from engine.market import Outcome
from engine.order import Side
from engine.settings import PaperVenue, Safety, Settings
from engine.trading_state import Latch
from engine.units import MICRO
from tests.engine.build import LIMITS, MARKET, START_MS, fill, market
from tests.engine.fakes import ORDINARY, SURE, FakeLadder, always, engine_on, events_of, window


def followed(engine: Engine) -> tuple[Trajectories, list[Transition]]:
    taken: list[Transition] = []
    trajectories = Trajectories(taken.append)
    trajectories.follow(engine)
    return trajectories, taken


def conserved(trajectories: Trajectories, taken: list[Transition], engine: Engine) -> bool:
    emitted = sum(round(t.reward * MICRO) for t in taken)
    realised = engine.journal.ledger.realised
    return emitted + trajectories.waiting + trajectories.unattributed == realised


def flips(call: int) -> Action:
    return (Action.BUY, Action.SELL)[call // 30 % 2]


def test_a_sale_pays_the_decision_before_it_was_matched() -> None:
    engine = engine_on(window(), lambda c: Action.BUY if c < 10 else Action.SELL)
    _, taken = followed(engine)
    engine.advance(START_MS + 10_000)
    (sold,) = [f for f in events_of(engine, ev.FillMatched) if f.side == "SELL"]  # type: ignore[union-attr]
    ((tick, paid),) = [(i, t) for i, t in enumerate(taken) if t.reward != 0.0]
    assert (tick, paid.action, paid.episode) == (10, Action.SELL, sold.slug)  # type: ignore[union-attr]
    assert round(paid.reward * MICRO) == engine.journal.ledger.realised


def test_a_forced_sale_is_money_and_not_an_action() -> None:
    engine = engine_on(window(), always(Action.BUY))
    _, taken = followed(engine)
    engine.advance(MARKET.end_ms + 120_000)
    assert [o.purpose for o in events_of(engine, ev.OrderSent)] == ["open", "cutoff"]  # type: ignore[union-attr]
    assert {t.action for t in taken if t.mask[1]} == {Action.BUY}
    assert Action.SELL not in {t.action for t in taken}
    (paid,) = [t for t in taken if t.reward != 0.0]
    assert paid.reward * MICRO == pytest.approx(engine.journal.ledger.realised)
    assert taken[-1].done


def test_a_position_that_nobody_could_sell_is_paid_by_the_verdict() -> None:
    silent = [m for m in window() if m.t_ms < MARKET.end_ms - 300_000 or m.t_ms > MARKET.end_ms]
    later = window(market(start=MARKET.window_start + 900))
    patient = ORDINARY.model_copy(update={"safety": Safety(data_gap_s=3_600.0)})
    engine = engine_on([*silent, *later], always(Action.BUY), settings=patient)
    trajectories, taken = followed(engine)
    engine.advance(MARKET.end_ms + 59_000)
    assert not any(t.done for t in taken)
    engine.advance(MARKET.end_ms + 61_000)
    (last,) = [t for t in taken if t.done]
    assert (last.episode, last.reward > 0) == (MARKET.slug, True)
    assert conserved(trajectories, taken, engine)


def test_a_fill_voided_after_its_window_ended_is_still_that_windows_money() -> None:
    engine = engine_on(window(), always(Action.HOLD))
    trajectories, taken = followed(engine)
    engine.advance(START_MS + 60_000)
    record, at = engine.journal.record, engine.t_ms
    record(at, fill("o1.0", Side.BUY, 100.0))
    record(at, ev.FillSettled("o1.0"))
    record(at, fill("o2.0", Side.SELL, 100.0, 6000, voids=True))
    engine.advance(MARKET.end_ms + 1_000)
    record(engine.t_ms, ev.FillVoided("o2.0"))
    engine.advance(MARKET.end_ms + 120_000)
    (gained, last) = [t for t in taken if t.reward != 0.0]
    assert gained.reward > 0
    assert last.done
    assert gained.reward + last.reward == pytest.approx(engine.journal.ledger.realised / MICRO)
    assert (trajectories.unattributed, trajectories.waiting) == (0, 0)


def test_a_halted_window_is_cut_and_its_verdict_is_nobodys() -> None:
    engine = engine_on(window(), always(Action.BUY))
    trajectories, taken = followed(engine)
    engine.advance(START_MS + 60_000)
    engine.latch.shut_now("halt by key")
    engine.advance(MARKET.end_ms + 120_000)
    assert taken[-1].truncated
    assert taken[-1].next_value == taken[-1].value
    assert not any(t.done for t in taken)
    assert trajectories.unattributed == engine.journal.ledger.realised != 0


def test_an_engine_that_held_something_before_is_followed_from_here_on() -> None:
    engine = engine_on(window(), always(Action.BUY))
    engine.advance(START_MS + 60_000)
    trajectories, taken = followed(engine)
    engine.advance(MARKET.end_ms + 120_000)
    assert conserved(trajectories, taken, engine)
    assert taken[-1].done


ROUGH = Settings(
    trade_size=Decimal(100),
    limits=LIMITS.model_copy(update={"opens_per_minute": 600}),
    decision_ms=2_000,
    paper=PaperVenue(settle_failure_rate=0.2, reject_rate=0.1, delay_rate=0.2),
)
WINDOWS = 3


@pytest.fixture(scope="module")
def market_run() -> tuple[Engine, Trajectories, list[Transition]]:
    """Three windows of four assets on the embedded market and a rough venue."""
    feed = SimFeed(3, windows=WINDOWS)
    ladder = FakeLadder(lambda call: (Action.BUY, Action.HOLD, Action.SELL)[call // 9 % 3])
    engine = Engine(feed, Journal(EventLog(None), lambda: 0), ladder, ROUGH, Latch(None), seed=2)  # type: ignore[arg-type]  # has what the engine uses of a ladder
    engine.start(ev.SessionOpened("paper", "sim", 2, "fake", "0", "0"), ())
    trajectories, taken = followed(engine)
    assert feed.info.end_ms is not None
    engine.advance(feed.info.end_ms)
    return engine, trajectories, taken


def test_all_money_of_a_rough_market_is_in_the_rewards(
    market_run: tuple[Engine, Trajectories, list[Transition]],
) -> None:
    engine, trajectories, taken = market_run
    assert engine.journal.ledger.counts["FillVoided"] > 5
    assert len([t for t in taken if t.reward != 0.0]) > 50
    assert conserved(trajectories, taken, engine)
    for asset in engine.desks:
        earned = sum(round(t.reward * MICRO) for t in taken if t.environment == asset)
        assert earned == engine.journal.ledger.asset(asset).realised
    assert (trajectories.unattributed, trajectories.waiting) == (0, 0)


def test_four_environments_are_four_series_in_time_order(
    market_run: tuple[Engine, Trajectories, list[Transition]],
) -> None:
    engine, _, taken = market_run
    windows: dict[tuple[str, str], list[Transition]] = {}
    for transition in taken:
        windows.setdefault((transition.environment, transition.episode), []).append(transition)
    assert len(windows) == 4 * WINDOWS
    for (asset, slug), rows in windows.items():
        assert engine.journal.ledger.markets[slug].asset == asset
        assert [t.done for t in rows] == [False] * (len(rows) - 1) + [True]
        _follow_each_other([t for t in rows if not t.truncated])
    assert len(taken) == engine.journal.decisions


def _follow_each_other(rows: list[Transition]) -> None:
    """Time left only falls, and each row's last state is what the policy saw then."""
    left = [float(row.observation[15]) for row in rows]
    assert all(earlier > later for earlier, later in pairwise(left))
    for row in rows:
        assert np.array_equal(row.temporal[-18:], row.observation)
        assert math.isfinite(row.reward)


def test_the_pace_of_the_clock_changes_no_transition() -> None:
    def rows(step: int) -> list[tuple[object, ...]]:
        engine = engine_on(window(), flips, ORDINARY.model_copy(update={"paper": SURE}))
        _, taken = followed(engine)
        for t in range(START_MS, MARKET.end_ms + 120_000, step):
            engine.advance(t)
        return [(t.episode, t.action, t.reward, t.done, t.truncated) for t in taken]

    assert rows(700) == rows(60_000)


def test_an_observed_engine_does_what_an_unobserved_one_does() -> None:
    plain, watched = engine_on(window(), flips), engine_on(window(), flips)
    followed(watched)
    for engine in (plain, watched):
        engine.advance(MARKET.end_ms + 120_000)
    assert plain.journal.log.digest() == watched.journal.log.digest()


def test_a_verdict_of_up_and_of_down_both_end_an_episode() -> None:
    for verdict in Outcome:
        engine = engine_on(window(verdict=verdict), always(Action.HOLD))
        _, taken = followed(engine)
        engine.advance(MARKET.end_ms + 120_000)
        assert [t.done for t in taken[-2:]] == [False, True]
        assert len(taken) == 1_800
