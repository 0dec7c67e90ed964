from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.core import Engine
from engine.decision import Action, Decision
from engine.eventlog import EventLog
from engine.feeds.sim import SimFeed
from engine.journal import Journal
from engine.learning.trajectories import PATIENCE_MS, Trajectories, temporal_of
from engine.learning.transition import Transition
from engine.market import Outcome
from engine.order import Side
from engine.settings import PaperVenue, Settings
from engine.trading_state import Latch, TradingState
from engine.units import MICRO
from tests.engine.build import LIMITS, MARKET, START_MS, fill, market
from tests.engine.fakes import ORDINARY, SURE, FakeLadder, always, engine_on, events_of, window
from tests.engine.learning.steps import TICK_MS, decision

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
NOTE = ev.Noted("info", "money moved")
SLUG = MARKET.slug


@dataclass
class Course:
    """Trajectories driven by hand, one tick after the other."""

    taken: list[Transition] = field(default_factory=list)
    tick: int = -1

    def __post_init__(self) -> None:
        self.trajectories = Trajectories(self.taken.append)

    def at(self, *decisions: Decision, state: TradingState = ACTIVE, t_ms: int = 0) -> None:
        self.tick += 1
        t = t_ms or START_MS + self.tick * TICK_MS
        self.trajectories.ticked(t, decisions, state)

    def decide(self, value: float = 0.0, policy_id: str = "p", slug: str = SLUG) -> None:
        self.at(decision(self.tick + 1, slug=slug, value=value, policy_id=policy_id))

    def earn(self, dollars: float, slug: str = SLUG) -> None:
        self.trajectories.happened(slug, NOTE, round(dollars * MICRO))

    def resolve(self, outcome: str | None, dollars: float = 0.0, slug: str = SLUG) -> None:
        verdict = ev.WindowResolved(slug, outcome, "scripted")
        self.trajectories.happened(slug, verdict, round(dollars * MICRO))

    @property
    def rewards(self) -> list[float]:
        return [transition.reward for transition in self.taken]


def listed() -> Course:
    course = Course()
    course.trajectories.happened(SLUG, ev.MarketSeen.of(MARKET), 0)
    return course


# ---- which money belongs to which decision ------------------------------------------------------


def test_money_belongs_to_the_last_decision_before_it() -> None:
    course = Course()
    course.decide(value=1.0)
    course.decide(value=2.0)
    course.earn(-0.25)
    course.earn(1.0)
    course.decide(value=3.0)
    course.decide(value=4.0)
    assert course.rewards == [0.0, 0.75, 0.0]
    assert [t.value for t in course.taken] == [1.0, 2.0, 3.0]
    assert [t.next_value for t in course.taken] == [2.0, 3.0, 4.0]
    assert not any(t.done or t.truncated for t in course.taken)


def test_no_money_is_a_reward_of_exactly_zero() -> None:
    course = Course()
    course.decide()
    course.decide()
    assert course.rewards == [0.0]


def test_windows_that_run_side_by_side_keep_their_own_money() -> None:
    course = Course()
    both = [decision(asset="BTC", slug="b"), decision(asset="ETH", slug="e")]
    course.at(*both)
    course.earn(1.0, "e")
    course.at(*both)
    assert {t.episode: t.reward for t in course.taken} == {"b": 0.0, "e": 1.0}


def test_a_transition_is_what_its_decision_was_and_nothing_is_relabelled() -> None:
    course = Course()
    made = decision(tick=7, action=Action.SELL, value=0.5, states=3)
    course.at(made)
    course.earn(-1.0)  # as a forced exit would
    course.at(decision(tick=8))
    (taken,) = course.taken
    assert (taken.environment, taken.episode) == (made.asset, made.slug)
    assert (taken.action, taken.log_prob, taken.value) == (2, made.log_prob, 0.5)
    assert (taken.mask, taken.policy_id) == (made.mask, made.policy_id)
    assert taken.observation is made.observation
    states = taken.temporal.reshape(5, 18)[:, 0].tolist()
    assert states == [0.0, 0.0, 5.0, 6.0, 7.0]


def test_a_window_without_history_is_all_zeros() -> None:
    assert not temporal_of(()).any()
    assert temporal_of(()).shape == (90,)


# ---- how a window ends --------------------------------------------------------------------------


def test_the_verdict_ends_the_episode_with_all_its_money() -> None:
    course = listed()
    course.decide()
    course.earn(-0.5)
    course.at(t_ms=MARKET.end_ms)
    course.at(t_ms=MARKET.end_ms + TICK_MS)
    course.resolve("UP", 2.0)
    (last,) = course.taken
    assert (last.reward, last.done, last.truncated) == (1.5, True, False)


def test_a_window_that_never_held_anything_ends_with_nothing() -> None:
    course = listed()
    course.decide()
    course.resolve("DOWN")
    assert [(t.reward, t.done) for t in course.taken] == [(0.0, True)]


def test_a_verdict_that_nobody_knows_cuts_and_its_late_money_is_nobodys() -> None:
    course = listed()
    course.decide(value=0.75)
    course.resolve(None)
    course.resolve("UP", 3.0)
    (last,) = course.taken
    assert (last.done, last.truncated, last.next_value) == (False, True, 0.75)
    assert course.trajectories.unattributed == 3 * MICRO


def test_a_verdict_reaches_its_window_while_the_next_one_runs() -> None:
    course = listed()
    course.decide()
    course.at(decision(slug="next"), t_ms=MARKET.end_ms)
    course.at(decision(slug="next"), t_ms=MARKET.end_ms + TICK_MS)
    course.resolve("UP", 1.0)
    assert [(t.episode, t.reward, t.done) for t in course.taken] == [
        ("next", 0.0, False),
        (SLUG, 1.0, True),
    ]


def test_a_halt_after_the_end_does_not_take_the_verdict_away() -> None:
    course = listed()
    course.decide()
    course.at(state=HALTED, t_ms=MARKET.end_ms)
    course.resolve("DOWN", -1.0)
    assert [(t.reward, t.done) for t in course.taken] == [(-1.0, True)]


def test_no_window_waits_for_ever() -> None:
    course = listed()
    course.decide()
    course.at(t_ms=MARKET.end_ms + PATIENCE_MS - 1)
    assert course.taken == []
    course.at(t_ms=MARKET.end_ms + PATIENCE_MS)
    assert [t.truncated for t in course.taken] == [True]
    assert course.trajectories.cuts == {"no verdict": 1}


# ---- what cuts ----------------------------------------------------------------------------------


def test_a_tick_without_a_decision_is_a_gap() -> None:
    course = Course()
    course.decide(value=1.0)
    course.at()
    course.earn(0.5)
    course.decide(value=2.0)
    course.decide(value=3.0)
    gap, after = course.taken
    assert (gap.truncated, gap.done, gap.next_value, gap.reward) == (True, False, 2.0, 0.5)
    assert not after.truncated
    assert course.trajectories.cuts == {"gap": 1}


def test_a_gap_of_one_asset_is_none_of_another() -> None:
    course = Course()
    course.at(decision(asset="BTC", slug="b"), decision(asset="ETH", slug="e"))
    course.at(decision(asset="ETH", slug="e"))
    course.at(decision(asset="BTC", slug="b"), decision(asset="ETH", slug="e"))
    assert [(t.episode, t.truncated) for t in course.taken] == [
        ("e", False),
        ("b", True),
        ("e", False),
    ]


@pytest.mark.parametrize("state", [s for s in TradingState if s is not ACTIVE])
def test_nothing_is_learnt_of_what_is_decided_outside_active(state: TradingState) -> None:
    course = listed()
    course.decide(value=0.5)
    course.at(decision(slug=SLUG), state=state)
    course.at(decision(slug=SLUG), state=state)
    course.decide(value=0.25)
    (only,) = course.taken
    assert (only.truncated, only.done, only.next_value) == (True, False, 0.5)


def test_money_between_a_cut_and_the_next_decision_is_no_later_decisions() -> None:
    course = listed()
    course.decide()
    course.at(state=HALTED)
    course.earn(-2.0)
    course.decide()
    course.decide()
    assert course.rewards == [0.0, 0.0]
    assert course.trajectories.unattributed == -2 * MICRO


def test_a_cut_completes_everything_that_waits() -> None:
    course = Course()
    course.at(decision(slug="b", value=0.5), decision(asset="ETH", slug="e", value=0.25))
    course.trajectories.cut("another policy")
    assert [(t.truncated, t.next_value) for t in course.taken] == [(True, 0.5), (True, 0.25)]
    assert course.trajectories.cuts == {"another policy": 2}
    assert course.trajectories.waiting == 0


def test_a_policy_is_never_judged_by_another_policys_critic() -> None:
    course = Course()
    course.decide(value=0.5, policy_id="p")
    course.decide(value=99.0, policy_id="q")
    course.decide(value=98.0, policy_id="q")
    first, second = course.taken
    assert (first.truncated, first.next_value, first.policy_id) == (True, 0.5, "p")
    assert (second.truncated, second.next_value, second.policy_id) == (False, 98.0, "q")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("decide"), st.sets(st.sampled_from("be"), min_size=1)),
        st.tuples(st.just("earn"), st.sampled_from("be"), st.integers(-(10**9), 10**9)),
        st.tuples(st.just("state"), st.sampled_from([REDUCING, HALTED])),
        st.tuples(st.just("skip")),
        st.tuples(st.just("cut")),
        st.tuples(st.just("resolve"), st.sampled_from("be"), st.sampled_from(["UP", None])),
    ),
    max_size=40,
)


@given(steps)
def test_no_micro_dollar_is_lost_or_paid_twice(steps: list[tuple[object, ...]]) -> None:
    course, money, opened = Course(), 0, 0
    for step in steps:
        match step:
            case ("decide", set() as windows):
                course.at(*(decision(asset=str(w), slug=str(w)) for w in sorted(windows)))
                opened += len(windows)
            case ("earn", str() as slug, int() as micro):
                course.trajectories.happened(slug, NOTE, micro)
                money += micro
            case ("state", TradingState() as state):
                course.at(decision(asset="b", slug="b"), state=state)
            case ("skip",):
                course.at()
            case ("cut",):
                course.trajectories.cut("test")
            case ("resolve", str() as slug, outcome):
                course.trajectories.happened(slug, ev.WindowResolved(slug, outcome, ""), 7)  # type: ignore[arg-type]  # the strategy gives a name or None
                money += 7
    emitted = sum(round(t.reward * MICRO) for t in course.taken)
    trajectories = course.trajectories
    assert emitted + trajectories.waiting + trajectories.unattributed == money
    assert not any(t.done and t.truncated for t in course.taken)
    trajectories.cut("the end")
    assert len(course.taken) == opened


# ---- on an engine -------------------------------------------------------------------------------


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
    engine = engine_on([*silent, *later], always(Action.BUY))
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
