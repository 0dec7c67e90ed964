from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.learning import bench
from engine.learning.adam import fresh
from engine.learning.profile import PHASE5 as PROFILE
from engine.learning.update import Update
from models.architecture import PHASE5


def test_the_sample_is_experience_that_an_update_accepts() -> None:
    weights = bench.starting_weights()
    batch = bench.sample_batch(96)
    given = Update(PHASE5, weights, fresh(weights), batch, bench.STAKE, PROFILE, rng())
    for _ in given.slices():
        pass
    assert given.quarantine == ""
    assert 0 < np.count_nonzero(batch.rewards) < 48


def test_both_ways_of_the_comparison_learn_the_same() -> None:
    """Only then is their ratio a fair one."""
    table = bench.sample_table(2 * PROFILE.minibatch)
    quick, plain = bench.Quick(table), bench.Plain(table)
    start = quick.tensors()
    quick.epoch()
    plain.epoch()
    learnt, other = quick.tensors(), plain.tensors()
    for name in PHASE5.shapes:
        assert other[name] == pytest.approx(learnt[name], abs=2e-5), name
        assert (learnt[name] != start[name]).any(), name


def test_every_slice_of_an_update_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(PROFILE, epochs=1)
    monkeypatch.setattr(bench, "PROFILE", short)
    monkeypatch.setattr(bench, "ROWS", 128)
    times = bench.update_times_ms(0)
    assert len(times) == 2 + 1 + 2 + 1 + 1
    assert all(time > 0 for time in times)


def test_slices_are_summed_up_by_their_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "update_times_ms", lambda number: [1.0] * 99 + [number + 5.0])
    found = bench.slice_times(2)
    assert found.max_ms == 6.0
    assert 1.0 < found.p99_ms < 6.0


def test_the_pair_is_two_times() -> None:
    assert all(number > 0 for number in bench.epoch_pair_ms(turns=1))


def rng() -> np.random.Generator:
    return np.random.default_rng(1)
