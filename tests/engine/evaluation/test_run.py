from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.end import ended
from engine.evaluation.accounts import WindowJournal
from engine.evaluation.arms import Arm, fixed_arms
from engine.evaluation.pace import Pace, Rates
from engine.evaluation.rules import RandomTrader, always_hold, favourite, momentum
from engine.evaluation.run import ArmRun, Progress, run_tape
from engine.evaluation.seat import RuleLadder
from engine.evaluation.slots import slots_of
from engine.evaluation.tape import Embedded, Tape
from engine.evaluation.verdict import MIN_SLOTS, difference, judge
from engine.market import Outcome
from engine.settings import Settings
from engine.trading_state import Latch
from tests.engine.evaluation.tapes import (
    QUICK,
    ROUGH,
    SECONDS,
    aimless,
    arm,
    drifting,
    peeking,
    restless,
    verdicts,
)

MANY = 40
"""Windows, enough for a verdict."""


def run(tape: Tape, *arms: Arm, settings: Settings = QUICK, seed: int = 1) -> list[ArmRun]:
    return run_tape(tape, arms, settings, seed, lambda _: None)


def word(ours: ArmRun, theirs: ArmRun) -> str:
    return difference(slots_of(ours.windows), slots_of(theirs.windows), 1).verdict


def test_always_hold_gains_loses_and_trades_nothing() -> None:
    (held,) = run(drifting(verdicts(3, 1)), arm("hold", always_hold))
    assert len(held.windows) == 3
    assert {(w.pnl, w.pnl_mid, w.fees, w.trades) for w in held.windows} == {(0, 0, 0, ())}
    assert all(w.known for w in held.windows)


def test_the_same_arm_twice_does_the_same_and_meets_the_same_venue() -> None:
    tape = drifting(verdicts(4, 1))
    one, other = run(tape, arm("a", restless()), arm("b", restless()), settings=ROUGH)
    assert one.windows == other.windows
    assert any(w.trades for w in one.windows)
    assert slots_of(one.windows) == slots_of(other.windows)


def test_arms_do_not_disturb_each_other() -> None:
    tape = drifting(verdicts(4, 1))
    alone = run(tape, arm("a", restless()), settings=ROUGH)
    among = run(tape, arm("b", momentum), arm("a", restless()), *fixed_arms(), settings=ROUGH)
    assert among[1].windows == alone[0].windows


@pytest.mark.parametrize("settings", [QUICK, ROUGH])
def test_windows_add_up_to_the_ledger_voids_and_all(settings: Settings) -> None:
    for seed in range(4):
        tape = drifting([*verdicts(5, seed), None], seed)
        journal = alone(tape.open, restless(seed), settings, seed)
        windows = journal.results(executable=True)
        assert sum(w.pnl for w in windows) == journal.ledger.realised
        assert sum(w.pnl_mid for w in windows) == journal.ledger.mid.total()
        assert sum(w.fees for w in windows) == journal.ledger.fees
        assert all(sum(w.trades) == w.pnl for w in windows)
        assert all(w.beyond_mid >= 0 for w in windows)
        assert [w.known for w in windows] == [True] * 5 + [False]
        voids = journal.ledger.counts["FillVoided"]
        assert voids > 0 if settings is ROUGH else voids < 5


def alone(opened: object, rule: object, settings: Settings, seed: int) -> WindowJournal:
    """One engine driven by hand, without the evaluator's loop."""
    ladder = RuleLadder(rule)  # type: ignore[arg-type]  # the tests' rules
    journal = WindowJournal(
        lambda token: engine.intake.book(token),  # noqa: PLW0108 - that engine is made with this journal
        Pace(settings.limits.entry_cutoff),
    )
    feed = opened()  # type: ignore[operator]  # a tape's open
    engine = Engine(feed, journal, ladder, settings, Latch(None), seed)
    ladder.watch(engine.desks)
    engine.start(ev.SessionOpened("paper", "made up", seed, "", "", ""), ())
    while not ended(engine):
        engine.advance(engine.t_ms + 700)
    return journal


def test_the_loop_does_what_an_engine_alone_does() -> None:
    tape = drifting(verdicts(4, 2))
    by_hand = alone(tape.open, restless(), ROUGH, 1)
    (by_loop,) = run(tape, arm("a", restless()), settings=ROUGH)
    assert by_loop.windows == by_hand.results(executable=True)


def test_a_round_trip_lasts_until_nothing_is_held() -> None:
    """Buys at once, never asks to leave: the exit rule sells, and that is one trade a window."""
    (bought,) = run(drifting([Outcome.UP] * 3), arm("up", lambda _: Action.BUY))
    assert [len(w.trades) for w in bought.windows] == [1, 1, 1]
    assert all(w.pnl > 0 for w in bought.windows)
    assert all(w.fees > 0 for w in bought.windows)
    assert all(w.beyond_mid > 0 for w in bought.windows)


def test_on_a_tape_without_edge_better_is_said_in_at_most_5_percent_of_200_runs() -> None:
    """Arms of the same kind of chance pay the same costs, so neither is better than the other. Of
    each slot a coin decides which is called which: 200 runs, each as likely as the one played."""
    tape = aimless(60, 4)
    one, other = (slots_of(r.windows) for r in run(tape, arm("a", coin(1)), arm("b", coin(2))))
    differences = np.array([a.pnl - b.pnl for a, b in zip(one, other, strict=True)])
    assert np.count_nonzero(differences) >= MIN_SLOTS
    rng = np.random.default_rng(6)
    words = [judge(list(differences * rng.choice((-1, 1), 60)), n).verdict for n in range(200)]
    assert words.count("better") <= 10
    assert words.count("worse") <= 10


def test_on_a_tape_without_edge_trading_is_not_better_than_holding() -> None:
    tape = aimless(60, 5)
    hold, *traders = run(
        tape, arm("h", always_hold), arm("m", momentum), arm("f", favourite), arm("c", coin(1))
    )
    assert {word(trader, hold) for trader in traders} <= {"not shown", "worse"}


def test_a_planted_edge_is_found_on_a_tape() -> None:
    """A price that goes where it began to go: whoever follows it gains."""
    follow, chance, hold = run(
        drifting(verdicts(MANY, 8)), arm("m", momentum), arm("c", coin(1)), arm("h", always_hold)
    )
    assert word(follow, hold) == "better"
    assert word(follow, chance) == "better"
    assert word(chance, follow) == "worse"


def coin(seed: int) -> RandomTrader:
    return RandomTrader(Rates(opening=0.05, leaving=0.05), np.random.default_rng(seed))


def test_a_look_ahead_leak_is_found_and_its_placebo_is_not() -> None:
    winners = verdicts(MANY, 5)
    shuffled = [winners[i] for i in np.random.default_rng(1).permutation(MANY)]
    leak, placebo, hold = run(
        drifting(winners),
        arm("leak", peeking(winners)),
        arm("placebo", peeking(shuffled)),
        arm("hold", always_hold),
    )
    assert word(leak, hold) == "better"
    assert word(placebo, hold) != "better"


def test_the_embedded_market_is_a_tape_too() -> None:
    told: list[Progress] = []
    settings = Settings(decision_ms=5_000)
    (held,) = run_tape(Embedded(3, 1), [arm("m", momentum)], settings, 1, told.append)
    assert len({w.asset for w in held.windows}) == 4
    assert told[0].done_ms == 0
    assert told[0].total_ms is not None
    assert told[-1].done_ms > 0.9 * told[0].total_ms


def test_a_window_that_the_tape_leaves_running_is_unknown() -> None:
    tape = drifting(verdicts(2, 1))
    cut = tuple(m for m in tape.messages if m.t_ms < tape.end_ms - 30_000 - SECONDS * 500)
    (held,) = run(replace(tape, messages=cut), arm("up", lambda _: Action.BUY))
    assert [w.known for w in held.windows] == [True, False]


def test_without_books_nothing_is_executable() -> None:
    tape = replace(drifting(verdicts(2, 1)), has=frozenset({"mid"}))
    (bought,) = run(tape, arm("up", lambda _: Action.BUY))
    assert not any(w.executable for w in bought.windows)
    assert all(w.pnl == 0 for w in bought.windows)
