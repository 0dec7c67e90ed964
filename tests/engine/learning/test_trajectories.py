from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.decision import Action, Decision
from engine.learning.trajectories import PATIENCE_MS, VERDICT_MS, Trajectories, temporal_of
from engine.learning.transition import Transition
from engine.trading_state import TradingState
from engine.units import MICRO
from tests.engine.build import MARKET, START_MS
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


# ---- what is waited for -------------------------------------------------------------------------


def test_a_verdict_is_due_from_the_end_until_it_comes_and_never_for_long() -> None:
    course, end = listed(), MARKET.end_ms
    due = course.trajectories.verdict_due
    assert not due(end)
    course.decide()
    assert [due(t) for t in (end - 1, end, end + VERDICT_MS - 1, end + VERDICT_MS)] == [0, 1, 1, 0]
    course.resolve("up")
    assert not due(end)


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


def test_a_change_of_the_reference_venue_cuts_what_waits() -> None:
    course = listed()
    course.decide(value=0.25)
    course.trajectories.happened("", ev.ReferenceChanged("okx-swap", "blocked"), 0)
    (cut,) = course.taken
    assert cut.truncated
    assert not cut.done
    assert cut.next_value == 0.25
    assert course.trajectories.cuts == {"the reference venue changed": 1}
    course.decide()
    assert len(course.taken) == 1
