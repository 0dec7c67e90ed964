from __future__ import annotations

import math

import numpy as np
import pytest

from engine.evaluation import bootstrap
from engine.evaluation.bootstrap import (
    Numbers,
    block_length,
    indices,
    interval_of_mean,
    resampled_means,
    student_quantile,
)


def exact_variance(values: Numbers, block: int) -> float:
    """Variance of a stationary resample's mean, in closed form (Politis and Romano 1994, lemma 1).

    Two positions k apart lie in one block with probability (1 - 1/block)^k, and are independent
    otherwise; within a block the sample is a circle.
    """
    n, keep = len(values), 1 - 1 / block
    centred = values - values.mean()
    around = [float(np.mean(centred * np.roll(centred, -k))) for k in range(n)]
    lags = sum(2 * (1 - k / n) * keep**k * around[k] for k in range(1, n))
    return (around[0] + lags) / n


def slow_means(values: Numbers, block: int, resamples: int, seed: int) -> Numbers:
    """The same resampling said position by position."""
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(resamples):
        at = int(rng.integers(len(values)))
        total = values[at]
        for _ in range(len(values) - 1):
            fresh = rng.random() < 1 / block
            at = int(rng.integers(len(values))) if fresh else (at + 1) % len(values)
            total += values[at]
        means.append(total / len(values))
    return np.array(means)


def wavy(count: int, seed: int = 0, rho: float = 0.6) -> Numbers:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count)
    for i in range(1, count):
        values[i] += rho * values[i - 1]
    return values


@pytest.mark.parametrize("block", [1, 4, 9])
def test_the_resampled_means_have_the_variance_of_theory(block: int) -> None:
    values = wavy(50)
    means = resampled_means(values, block, 40_000, np.random.default_rng(1))
    assert means.var() == pytest.approx(exact_variance(values, block), rel=0.04)
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)


def test_the_resampled_means_are_those_of_a_plain_loop() -> None:
    values = wavy(24)
    fast = resampled_means(values, 4, 20_000, np.random.default_rng(1))
    slow = slow_means(values, 4, 6_000, 2)
    at = [0.025, 0.25, 0.5, 0.75, 0.975]
    assert np.quantile(fast, at) == pytest.approx(np.quantile(slow, at), abs=0.06)


def test_a_resample_is_blocks_of_consecutive_slots_on_a_circle() -> None:
    taken = indices(30, 5, 4_000, np.random.default_rng(1))
    assert taken.min() == 0
    assert taken.max() == 29
    follows = taken[:, 1:] == (taken[:, :-1] + 1) % 30
    # A new block begins with probability 1/5 and by chance goes on where the old one ended.
    assert 1 - follows.mean() == pytest.approx((1 / 5) * (29 / 30), abs=0.003)


def test_blocks_widen_the_interval_of_dependent_slots() -> None:
    values = wavy(200, rho=0.9)
    alone, blocks = (
        resampled_means(values, b, 4_000, np.random.default_rng(1)).std() for b in (1, 12)
    )
    assert blocks > 1.2 * alone


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for run in range(300):
        found = interval_of_mean(rng.normal(3.0, 2.0, 60), block_length(60), 500, run)
        held += found.low <= 3.0 <= found.high
    assert 0.93 <= held / 300 <= 0.995


def test_draws_in_several_parts_are_as_many_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CHUNK", 100)
    assert resampled_means(wavy(30), 4, 500, np.random.default_rng(1)).shape == (500,)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = wavy(40)
    assert interval_of_mean(values, 5, 500, 7) == interval_of_mean(values, 5, 500, 7)
    assert interval_of_mean(values, 5, 500, 7) != interval_of_mean(values, 5, 500, 8)


def test_slots_all_alike_have_an_interval_of_no_width() -> None:
    found = interval_of_mean(np.full(40, 2.5), 5, 500, 1)
    assert found.low == found.high == found.mean == 2.5


@pytest.mark.parametrize(
    ("freedom", "value"), [(3, 3.1824), (4, 2.7764), (6, 2.4469), (10, 2.2281), (30, 2.0423)]
)
def test_the_quantiles_of_student_are_those_of_the_tables(freedom: float, value: float) -> None:
    assert student_quantile(1.959964, freedom) == pytest.approx(value, rel=0.006)


def test_a_block_is_never_more_than_a_quarter_of_the_slots() -> None:
    for count in range(4, 400):
        assert 1 <= block_length(count) <= count // 4
    assert block_length(1000) == 20
    assert math.isclose(block_length(64), 8)


@pytest.mark.parametrize(("count", "block"), [(7, 1), (20, 6), (20, 0)])
def test_no_interval_is_made_of_too_little(count: int, block: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        interval_of_mean(np.arange(float(count)), block, 100, 1)
