from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.decision import Action
from engine.evaluation.pace import Rates
from engine.evaluation.rules import (
    FIXED,
    RandomTrader,
    always_hold,
    fade_spike,
    favourite,
    mean_revert,
    momentum,
)
from engine.evaluation.seat import Seen
from engine.features import FEATURES, MarketState
from tests.engine.build import MARKET

HOLD, BUY, SELL = Action


def seen(*history: float, side: str | None = None) -> Seen:
    """A market whose UP mid was `history`, oldest first, and whose `side` is held."""
    names = {f.field for f in FEATURES} - {"position_side", "has_position", "prob_history"}
    numbers = dict.fromkeys(names, 0.0)
    state = MarketState(
        asset="BTC",
        prob=history[-1],
        has_position=side is not None,
        position_side=side,
        prob_history=history,
        **numbers,
    )
    return Seen(MARKET, state)


def test_always_hold_wants_nothing() -> None:
    assert always_hold(seen(0.1, 0.9)) is HOLD


@pytest.mark.parametrize(
    ("history", "wanted"),
    [((0.50, 0.54), BUY), ((0.54, 0.50), SELL), ((0.50, 0.52), HOLD), ((0.54,), HOLD)],
)
def test_momentum_goes_with_a_move(history: tuple[float, ...], wanted: Action) -> None:
    assert momentum(seen(*history)) is wanted


@pytest.mark.parametrize(
    ("prob", "side", "wanted"),
    [
        (0.70, None, SELL),
        (0.30, None, BUY),
        (0.60, None, HOLD),
        (0.53, "DOWN", BUY),
        (0.47, "UP", SELL),
        (0.40, "UP", HOLD),
        (0.50, None, HOLD),
    ],
)
def test_mean_revert_bets_on_one_half(prob: float, side: str | None, wanted: Action) -> None:
    assert mean_revert(seen(prob, side=side)) is wanted


@pytest.mark.parametrize(
    ("history", "side", "wanted"),
    [
        ((0.5, 0.5, 0.5, 0.5, 0.5, 0.55), None, SELL),
        ((0.5, 0.5, 0.5, 0.5, 0.5, 0.45), None, BUY),
        ((0.5, 0.55, 0.55, 0.55, 0.55, 0.55, 0.55), None, HOLD),
        ((0.5, 0.5, 0.5, 0.5, 0.5, 0.5), "DOWN", BUY),
        ((0.5, 0.5, 0.5, 0.5, 0.5, 0.5), "UP", SELL),
        ((0.5, 0.53, 0.53, 0.53, 0.53, 0.53), "UP", HOLD),
        ((0.5, 0.9), None, HOLD),
    ],
)
def test_fade_spike_goes_against_a_jump_and_leaves_in_calm(
    history: tuple[float, ...], side: str | None, wanted: Action
) -> None:
    assert fade_spike(seen(*history, side=side)) is wanted


@pytest.mark.parametrize(
    ("prob", "side", "wanted"),
    [
        (0.61, None, BUY),
        (0.39, None, SELL),
        (0.55, None, HOLD),
        (0.2, "UP", HOLD),
        (0.9, "UP", HOLD),
    ],
)
def test_the_favourite_is_bought_once_and_kept(
    prob: float, side: str | None, wanted: Action
) -> None:
    assert favourite(seen(prob, side=side)) is wanted


@pytest.mark.parametrize("rule", FIXED.values(), ids=FIXED)
def test_no_rule_prefers_up_to_down(rule: object) -> None:
    """Seen in a mirror, every rule wants the mirrored thing."""
    rng = np.random.default_rng(1)
    mirrored = {HOLD: HOLD, BUY: SELL, SELL: BUY}
    sides = {None: None, "UP": "DOWN", "DOWN": "UP"}
    for _ in range(300):
        history = tuple(float(p) for p in rng.uniform(0.05, 0.95, rng.integers(1, 31)))
        side = [None, "UP", "DOWN"][rng.integers(3)]
        here = rule(seen(*history, side=side))  # type: ignore[operator]  # a rule
        there = rule(seen(*(1 - p for p in history), side=sides[side]))  # type: ignore[operator]  # same
        assert there is mirrored[here]


def test_chance_opens_and_leaves_at_its_rates_with_either_side_alike() -> None:
    chance = RandomTrader(Rates(opening=0.2, leaving=0.05), np.random.default_rng(1))
    flat = Counter(chance(seen(0.5)) for _ in range(20_000))
    held = Counter(chance(seen(0.5, side="UP")) for _ in range(20_000))
    assert (flat[BUY] + flat[SELL]) / 20_000 == pytest.approx(0.2, abs=0.01)
    assert flat[BUY] / flat[SELL] == pytest.approx(1.0, abs=0.1)
    assert held[SELL] / 20_000 == pytest.approx(0.05, abs=0.006)
    assert held[BUY] == 0


def test_chance_at_rate_zero_never_opens() -> None:
    chance = RandomTrader(Rates(0.0, 0.0), np.random.default_rng(1))
    assert {chance(seen(0.5)) for _ in range(1000)} == {HOLD}
