from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.decider import ROWS, Decider, Row
from engine.decision import HOLD_ONLY, Action, Floats, Mask
from models.ladder import Fall, Ladder, rungs_for
from models.policy import load_policy
from tests.models.files import bare, explosive, saved

EVERYTHING: Mask = (True, True, True)


def row(asset: str = "BTC", mask: Mask = EVERYTHING, value: float = 0.25) -> Row:
    observation = np.full(18, value, np.float32)
    temporal = np.concatenate([np.zeros(72, np.float32), observation])
    return Row(asset, f"{asset}-w", observation, (tuple(observation.tolist()),), temporal, mask)


class Given:
    """A ladder whose policy gives these probabilities to every row, and remembers its inputs."""

    class policy:  # noqa: N801 - stands for an attribute
        policy_id = "given"

    def __init__(self, *probs: float) -> None:
        self._probs = np.array(probs, np.float32)
        self.seen: list[tuple[Floats, Floats]] = []

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats, tuple[Fall, ...]]:
        self.seen.append((current, temporal))
        return np.tile(self._probs, (len(current), 1)), np.ones(len(current), np.float32), ()


def decider(ladder: object, rule: str = "greedy") -> Decider:
    return Decider(ladder, rule, np.random.default_rng(7))  # type: ignore[arg-type]  # has what is used


def actions(ladder: object, *rows: Row, rule: str = "greedy") -> list[int]:
    return [d.action for d in decider(ladder, rule).decide(0, rows)[0]]


def test_all_assets_are_decided_in_one_call_of_a_fixed_shape_with_zeros_in_unused_rows() -> None:
    ladder = Given(0.1, 0.8, 0.1)
    made, _ = decider(ladder).decide(0, [row("BTC", value=0.5), row("ETH", value=-0.5)])
    ((current, temporal),) = ladder.seen
    assert (current.shape, temporal.shape) == ((ROWS, 18), (ROWS, 90))
    assert [float(r[0]) for r in current] == [0.5, -0.5, 0.0, 0.0]
    assert not temporal[2:].any()
    assert [d.asset for d in made] == ["BTC", "ETH"]


def test_the_unused_rows_change_nothing_of_the_used_ones(tmp_path: Path) -> None:
    path = saved(tmp_path)
    one = row(value=0.3)
    probs, values = load_policy(path).forward(one.observation[None], one.temporal[None])
    ladder = Ladder(rungs_for(path))
    ladder.start()
    (made,), _ = decider(ladder).decide(0, [one])
    assert made.probs == pytest.approx(probs[0].tolist(), abs=1e-6)
    assert made.value == pytest.approx(values[0].item(), abs=1e-6)


def test_a_policy_that_gives_nan_falls_and_the_same_tick_is_decided_by_the_next_rung(
    tmp_path: Path,
) -> None:
    ladder = Ladder(rungs_for(bare(tmp_path, explosive())))
    assert ladder.start() == ()
    failed = ladder.policy.policy_id
    made, (fall,) = decider(ladder).decide(0, [row("BTC", value=1.0), row("ETH", value=1.0)])
    assert (fall.from_name, fall.to_name) == ("champion", "pre-phase-5")
    assert "NaN" in fall.reason
    assert {d.policy_id for d in made} == {ladder.policy.policy_id} != {failed}
    assert all(math.isfinite(n) for d in made for n in (*d.probs, d.value, d.log_prob))


def test_greedy_takes_the_favourite_and_holds_where_the_favourite_is_illegal() -> None:
    assert actions(Given(0.1, 0.7, 0.2), row(mask=EVERYTHING)) == [Action.BUY]
    assert actions(Given(0.1, 0.7, 0.2), row(mask=(True, False, True))) == [Action.HOLD]
    assert actions(Given(0.1, 0.7, 0.2), row(mask=HOLD_ONLY)) == [Action.HOLD]


def test_a_sample_follows_the_distribution_under_the_mask() -> None:
    drawn = Counter(actions(Given(0.2, 0.5, 0.3), *[row()] * 4_000, rule="sample"))
    assert [drawn[a] / 4_000 for a in Action] == pytest.approx([0.2, 0.5, 0.3], abs=0.03)
    rows = [row(mask=(True, False, True))] * 4_000
    legal = Counter(actions(Given(0.2, 0.5, 0.3), *rows, rule="sample"))
    assert legal[Action.BUY] == 0
    assert legal[Action.SELL] / 4_000 == pytest.approx(0.6, abs=0.03)


def test_the_same_seed_draws_the_same_actions() -> None:
    rows = [row()] * 50
    first = actions(Given(0.2, 0.5, 0.3), *rows, rule="sample")
    assert first == actions(Given(0.2, 0.5, 0.3), *rows, rule="sample")


def test_a_decision_records_all_that_it_was_made_from() -> None:
    one = row(mask=(True, True, False))
    (made,), _ = decider(Given(0.2, 0.6, 0.2)).decide(1_234, [one])
    assert (made.t_ms, made.slug, made.policy_id, made.value) == (1_234, one.slug, "given", 1.0)
    assert made.observation is one.observation
    assert (made.history, made.mask) == (one.history, one.mask)
    assert made.probs == pytest.approx((0.25, 0.75, 0.0))
    assert made.log_prob == pytest.approx(math.log(0.75))


def test_a_hold_forced_on_a_policy_that_gives_it_no_chance_still_has_a_finite_log_prob() -> None:
    (made,), _ = decider(Given(0.0, 1.0, 0.0)).decide(0, [row(mask=(True, False, True))])
    assert made.action == Action.HOLD
    assert math.isfinite(made.log_prob)
