"""What the shadow's own engine lives through reaches the learner, verdicts included."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.learning.learner import Learner
from engine.learning.transition import Transition
from tests.engine.learning.ring import QUICK, ring

WINDOW_S = 900


def test_a_verdict_is_learnt_from_although_updates_come_faster_than_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update every minute and a half; a verdict comes nearly a minute after its window's end."""
    kept: list[Transition] = []
    take = Learner.take

    def noting(self: Learner, transition: Transition) -> None:
        before = self.rows
        take(self, transition)
        if self.rows > before:
            kept.append(transition)

    monkeypatch.setattr(Learner, "take", noting)
    settings = QUICK.model_copy(update={"decision_ms": 5_000})
    with ring(tmp_path, settings) as both:
        both.go_on(WINDOW_S + 120)
        assert both.challenger.learner.number > 5
    assert sum(transition.done for transition in kept) == 4
