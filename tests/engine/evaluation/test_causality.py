"""Whoever knows what comes is found out, and nobody else is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from engine.decision import Action
from engine.errors import ConsoleError
from engine.evaluation import causality
from engine.evaluation.arms import Arm, default_models, fixed_arms, frozen_arms
from engine.evaluation.causality import Withheld, refuse_foresight
from engine.evaluation.online import learning_arms
from engine.evaluation.rules import always_hold
from engine.evaluation.seat import Rule, Seen
from engine.evaluation.tape import Embedded, Tape
from engine.feeds.tee import Tee
from engine.messages import BookSnapshot
from engine.settings import PPO, Settings
from tests.engine.evaluation.tapes import EVERY_S, QUICK, arm, drifting, restless, verdicts

TAPE = drifting(verdicts(2, 1))


def check(*arms: Arm) -> None:
    refuse_foresight(TAPE, lambda _: arms, QUICK, 1)


def test_honest_rules_decide_the_same_whatever_is_withheld() -> None:
    refuse_foresight(TAPE, lambda _: [*fixed_arms(), arm("chance", restless())], QUICK, 1)


def test_weights_that_learn_use_nothing_that_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causality, "CUTS_MS", (160_000,))
    settings = QUICK.model_copy(update={"decision_ms": 1_000, "ppo": PPO(rows=64, minibatch=16)})
    made: list[Arm] = []

    def make(_: Tape) -> Sequence[Arm]:
        models = frozen_arms(default_models()[:1])
        made.extend(learning_arms(models, settings, 1))
        return [*models, *made[-2:]]

    refuse_foresight(TAPE, make, settings, 1)
    assert all(one.learner is not None and one.learner.number > 0 for one in made)


def test_the_embedded_market_tells_nothing_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causality, "CUTS_MS", (60_000,))
    refuse_foresight(Embedded(3, 1), lambda _: fixed_arms(), Settings(decision_ms=5_000), 1)


@pytest.mark.parametrize("ticks", [1, 5])
def test_a_rule_that_looks_ahead_is_refused(ticks: int) -> None:
    with pytest.raises(ConsoleError, match=r"leak decided otherwise .* knows what comes"):
        refuse_foresight(
            TAPE, lambda tape: [*fixed_arms(), arm("leak", ahead(tape, ticks))], QUICK, 1
        )


def test_features_that_are_shifted_into_the_future_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault of the evaluator: every message is dealt one tick before it happens."""

    def too_early(tee: Tee, until_ms: int) -> None:
        for message in tee._source.poll(until_ms + EVERY_S * 1000):
            for branch in tee._branches:
                branch.waiting.append(replace(message, t_ms=min(message.t_ms, until_ms)))

    monkeypatch.setattr(Tee, "read", too_early)
    with pytest.raises(ConsoleError, match="hold decided otherwise"):
        check(arm("hold", always_hold))


def test_a_withheld_tape_ends_at_its_instant() -> None:
    with closing(TAPE.open()) as feed:
        start = feed.info.start_ms
    with closing(Withheld(TAPE, start + 10_000).open()) as feed:
        assert feed.info.end_ms == start + 10_000
        given = list(feed.poll(start + 60_000))
        assert max(message.t_ms for message in given) == start + 10_000
        assert feed.next_ms() is None


def ahead(tape: Tape, ticks: int) -> Rule:
    """Goes where the book will have gone so many ticks later, read from a copy of the tape."""
    times, mids = future_of(tape)

    def rule(seen: Seen) -> Action:
        now = seen.market.end_ms - round(seen.state.time_remaining * 300_000)
        later = bisect_right(times, now + ticks * EVERY_S * 1000) - 1
        here = bisect_right(times, now) - 1
        if mids[later] == mids[here]:
            return Action.HOLD
        return Action.BUY if mids[later] > mids[here] else Action.SELL

    return rule


def future_of(tape: Tape) -> tuple[list[int], list[int]]:
    """Times and UP bids of all that `tape` will ever say."""
    with closing(tape.open()) as feed:
        books = [
            message
            for message in feed.poll(feed.info.start_ms + 10**9)
            if isinstance(message, BookSnapshot) and message.token_id.endswith("up")
        ]
    return [b.t_ms for b in books], [b.bids[0][0] for b in books]
