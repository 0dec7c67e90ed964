"""Champion and challenger are compared on states of the market, always the same ones."""

from __future__ import annotations

import numpy as np
import pytest

from engine.learning import probes
from engine.learning.probes import Probes


def test_probes_are_noise_until_enough_of_the_market_was_seen() -> None:
    found, noise = Probes(3), Probes(3)
    for number in range(probes.COUNT * probes.STRIDE):
        last = found.saw(np.full(18, number, np.float32), np.full(90, number, np.float32))
        if found.seen <= (probes.COUNT - 1) * probes.STRIDE:
            assert not last
            assert found.current is not None
    assert not np.array_equal(found.current, noise.current)
    assert np.array_equal(found.current[:, 0], probes.STRIDE * np.arange(probes.COUNT))
    assert np.array_equal(found.temporal[:, -1], found.current[:, 0])


def test_probes_never_change_once_they_are_of_the_market() -> None:
    found = Probes(3)
    for _ in range(probes.COUNT * probes.STRIDE):
        found.saw(np.zeros(18, np.float32), np.zeros(90, np.float32))
    for _ in range(2 * probes.STRIDE):
        assert not found.saw(np.ones(18, np.float32), np.ones(90, np.float32))
    assert not found.current.any()


@pytest.mark.parametrize("seen", [0, 1, 61, 62, 256 * 61 - 60, 20_000])
def test_probes_are_read_again_from_a_checkpoint(seen: int) -> None:
    found, again = Probes(3), Probes(3)
    for number in range(seen):
        found.saw(np.full(18, number, np.float32), np.zeros(90, np.float32))
    again.restore(found.arrays())
    assert (again.seen, again.kept) == (found.seen, found.kept)
    assert np.array_equal(again.current, found.current)


def test_divergence_is_that_of_the_textbook() -> None:
    p = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]], np.float32)
    q = np.array([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]], np.float32)
    by_hand = (0.5 * np.log(2) - 0.25 * np.log(2) + np.log(2)) / 2
    assert probes.divergence(p, q) == pytest.approx(by_hand)
    assert probes.divergence(q, q) == 0.0
    assert probes.divergence(q, p) == np.inf


def test_entropy_is_a_share_of_the_largest() -> None:
    assert probes.entropy_share(np.full((2, 3), 1 / 3, np.float32)) == pytest.approx(1.0)
    assert probes.entropy_share(np.eye(3, dtype=np.float32)) == 0.0
