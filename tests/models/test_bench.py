"""The benchmark measures something; how much is told elsewhere, never asserted in a test."""

from __future__ import annotations

from models.architecture import PHASE5
from models.bench import decision_eager_us, decision_pair_us, decision_us
from models.policy import load_policy
from models.shipped import shipped


def test_each_way_takes_some_time() -> None:
    policy = load_policy(shipped(PHASE5))
    assert decision_us(3, policy) > 0
    assert decision_eager_us(3, policy) > 0
    assert all(us > 0 for us in decision_pair_us(1, policy))
