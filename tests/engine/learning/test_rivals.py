"""Both are judged over slots that both have whole, and over nothing that came before."""

from __future__ import annotations

import pytest

from engine import events as ev
from engine.core import Engine
from engine.learning.rivals import Rivals
from engine.order import Side
from tests.engine.build import FREE, NOW, START, fill, market
from tests.engine.fakes import engine_on

SHARES = 10


def gain(engine: Engine, slot: int, cents: int) -> None:
    """A whole window in which each of ten shares gains so many cents."""
    of = market(start=START + 900 * slot, fee=FREE)
    name = f"s{slot}.{cents}"
    for event in (
        ev.MarketSeen.of(of),
        fill(f"{name}b.0", shares=SHARES, price_bp=4_000, of=of),
        fill(f"{name}s.0", Side.SELL, SHARES, 4_000 + 100 * cents, of),
        ev.FillSettled(f"{name}b.0"),
        ev.FillSettled(f"{name}s.0"),
        ev.WindowResolved(of.slug, "UP", "made up"),
    ):
        engine.journal.record(NOW, event)


def test_what_either_did_before_the_comparison_is_not_compared() -> None:
    champion, challenger = engine_on([]), engine_on([])
    gain(champion, 0, 50)
    rivals = Rivals(champion, challenger)
    for slot in (1, 2):
        gain(champion, slot, 5)
        gain(challenger, slot, 8)
    found = rivals.verdict()
    assert found.slots == 2
    assert found.mean == pytest.approx(0.3)
    assert rivals.champion_pnl == pytest.approx(1.0)
    assert rivals.challenger_pnl == pytest.approx(1.6)
    assert (rivals.champion_fills, rivals.challenger_fills) == (4, 4)


def test_a_slot_that_one_of_them_missed_counts_for_neither() -> None:
    champion, challenger = engine_on([]), engine_on([])
    rivals = Rivals(champion, challenger)
    gain(champion, 0, 5)
    for each in (champion, challenger):
        gain(each, 1, 5)
    assert rivals.verdict().slots == 1
    assert rivals.champion_pnl == pytest.approx(0.5)


def test_they_begin_anew_with_the_next_slot() -> None:
    champion, challenger = engine_on([]), engine_on([])
    rivals = Rivals(champion, challenger)
    for slot in (0, 1):
        for each in (champion, challenger):
            gain(each, slot, 5)
        if slot == 0:
            rivals.begin()
    assert rivals.verdict().slots == 1
