"""Each guard trips on its own fault, says so with numbers, and lets everything else pass."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning import guards
from engine.learning.guards import (
    ACCEPTED,
    DROPPED,
    HOUR_MS,
    REJECTED,
    Budget,
    Champion,
    Evidence,
    Streaks,
    counted,
    judge,
    unbelievable,
)
from engine.learning.update import Measures
from engine.settings import Learning

LIMITS = Learning()
CHAMPION = Champion(actor_norm=10.0, critic_norm=12.0, entropy_share=0.8)
HEALTHY = Measures(
    policy_loss=-0.1,
    value_loss=0.2,
    entropy=0.8,
    entropy_share=0.7,
    kl=0.01,
    clip_fraction=0.1,
    explained_variance=0.3,
    actor_grad_norm=0.4,
    critic_grad_norm=0.5,
    steps=40,
    stopped="",
    dormant=0.05,
    dormant_before=0.05,
    actor_norm=10.5,
    critic_norm=12.5,
    finite=True,
    ratio_error=1e-6,
)
FINE = Evidence(HEALTHY, CHAMPION, champion_kl=0.1, streaks=Streaks())


def measured(**changed: object) -> Evidence:
    return replace(FINE, measures=replace(HEALTHY, **changed))  # type: ignore[arg-type]  # each test names fields and values that fit


def test_a_healthy_update_is_accepted_without_a_reason() -> None:
    assert judge(FINE, LIMITS) == guards.Verdict(ACCEPTED, "")


@pytest.mark.parametrize(
    ("evidence", "kind", "reason"),
    [
        (measured(finite=False), DROPPED, "a loss, gradient, weight, moment or output is not"),
        (replace(FINE, champion_kl=math.inf), DROPPED, "a loss, gradient, weight, moment or"),
        (measured(kl=0.081), REJECTED, "update KL 0.081, max 0.060"),
        (replace(FINE, champion_kl=2.25), DROPPED, "KL from the champion 2.250, max 2.000"),
        (
            replace(measured(entropy_share=0.001), streaks=Streaks(entropy=4)),
            DROPPED,
            "entropy 0.001 of the largest, 0.005 to 0.995 needed, 4 updates running",
        ),
        (
            replace(measured(explained_variance=-2.5), streaks=Streaks(value=3)),
            DROPPED,
            "explained variance -2.500, min -2.000, 3 updates running",
        ),
        (measured(dormant=0.31), DROPPED, "dormant units 0.310, max 0.300"),
        (measured(actor_norm=21.0), DROPPED, "actor weights 2.100 x the champion's, max 2.000"),
        (measured(critic_norm=30.0), DROPPED, "critic weights 2.500 x the champion's, max 2.000"),
    ],
)
def test_a_fault_is_told_with_measured_value_and_limit(
    evidence: Evidence, kind: str, reason: str
) -> None:
    verdict = judge(evidence, LIMITS)
    assert verdict.kind == kind
    assert verdict.reason.startswith(reason)
    assert "\n" not in verdict.reason


@pytest.mark.parametrize("name", ["kl", "dormant", "actor_norm", "critic_norm"])
def test_no_guard_lets_nan_pass(name: str) -> None:
    assert judge(measured(**{name: math.nan}), LIMITS).kind != ACCEPTED


def test_a_value_at_its_limit_passes() -> None:
    assert judge(measured(kl=LIMITS.update_kl, dormant=LIMITS.dormant), LIMITS).kind == ACCEPTED


def test_a_broken_update_is_dropped_even_where_it_also_went_too_far() -> None:
    """Rejecting it would keep moments that may be broken too."""
    assert judge(measured(finite=False, kl=9.0), LIMITS).kind == DROPPED


def streaks(measures: Measures, updates: int, champion: Champion = CHAMPION) -> Streaks:
    found = Streaks()
    for _ in range(updates):
        found = counted(found, measures, champion, LIMITS)
    return found


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_an_entropy_outside_its_band_is_counted_until_one_is_inside(share: float) -> None:
    outside = replace(HEALTHY, entropy_share=share)
    assert streaks(outside, 2).entropy == 2
    assert counted(streaks(outside, 2), HEALTHY, CHAMPION, LIMITS).entropy == 0


def test_untrained_weights_may_throw_dice_because_their_champion_does() -> None:
    dice = replace(HEALTHY, entropy_share=0.9999)
    assert streaks(dice, 5, replace(CHAMPION, entropy_share=0.9998)).entropy == 0


def test_a_deaf_champion_s_challenger_is_not_dropped_for_being_deaf() -> None:
    deaf = replace(HEALTHY, entropy_share=0.001)
    assert streaks(deaf, 5, replace(CHAMPION, entropy_share=0.002)).entropy == 0


def test_rows_without_a_choice_say_nothing_of_the_entropy() -> None:
    assert streaks(replace(HEALTHY, entropy_share=None), 5).entropy == 0


BAD = replace(HEALTHY, explained_variance=-2.1)
ABLE = counted(Streaks(), HEALTHY, CHAMPION, LIMITS)
"""Of a challenger whose critic has met its limit."""


def critics(*found: float | None) -> Streaks:
    """After updates with these explained variances, the first of them good."""
    streaks = ABLE
    for each in found:
        measures = replace(HEALTHY, explained_variance=each)
        streaks = counted(streaks, measures, CHAMPION, LIMITS)
    return streaks


def test_three_bad_critics_running_are_counted_and_one_good_one_ends_it() -> None:
    assert critics(-2.1, -2.1, -2.1).value == 3
    assert critics(-2.1, -2.1, 0.3).value == 0


def test_a_critic_that_never_met_its_limit_is_not_dropped_to_begin_no_better() -> None:
    """One trained on other rewards had -28 at its first update; its champion's is the same."""
    fresh = streaks(replace(BAD, explained_variance=-28.0), 5)
    assert (fresh.value, fresh.able) == (0, False)
    assert counted(fresh, HEALTHY, CHAMPION, LIMITS).able


def test_a_critic_that_went_bad_is_dropped_although_it_began_bad() -> None:
    learnt = counted(streaks(BAD, 2), HEALTHY, CHAMPION, LIMITS)
    for _ in range(3):
        learnt = counted(learnt, BAD, CHAMPION, LIMITS)
    assert judge(replace(FINE, measures=BAD, streaks=learnt), LIMITS).kind == DROPPED


def test_returns_that_do_not_vary_neither_blame_nor_clear_the_critic() -> None:
    assert critics(-2.1, -2.1, None).value == 2


def test_units_that_the_champion_lost_are_not_held_against_its_challenger() -> None:
    """Starting anew would bring the same units back, update after update."""
    tired = measured(dormant=0.41, dormant_before=0.4)
    found = counted(Streaks(), tired.measures, CHAMPION, LIMITS)
    assert judge(replace(tired, streaks=found), LIMITS).kind == ACCEPTED
    grown = counted(ABLE, tired.measures, CHAMPION, LIMITS)
    assert judge(replace(tired, streaks=grown), LIMITS).kind == DROPPED


def test_one_bad_update_alone_is_not_dropped() -> None:
    bad = measured(explained_variance=-9.0, entropy_share=0.001)
    found = counted(Streaks(), bad.measures, CHAMPION, LIMITS)
    assert judge(replace(bad, streaks=found), LIMITS).kind == ACCEPTED


def test_more_than_the_cheapest_shares_could_pay_is_an_accounting_fault() -> None:
    assert unbelievable(np.array([0.0, 9_900.0, -100.0]), 100.0) == ""
    assert unbelievable(np.array([0.0, -10_000.5]), 100.0) == (
        "a reward of $10,000.50, max $10,000.00 with a stake of $100.00"
    )


def test_no_rows_have_no_fault() -> None:
    assert unbelievable(np.zeros(0), 100.0) == ""


# ---- the budget -----------------------------------------------------------------------------


def test_an_hour_has_no_more_updates_than_its_budget() -> None:
    budget = Budget(2)
    for t_ms in (0, 1_000):
        assert budget.spent(t_ms) == ""
        budget.take(t_ms)
    assert budget.spent(2_000) == "2 updates in the last hour, max 2"
    assert budget.spent(HOUR_MS) == ""


def test_a_budget_of_nothing_is_always_spent() -> None:
    assert Budget(0).spent(0)


def test_updates_of_a_later_tape_do_not_count_on_an_earlier_one() -> None:
    assert Budget(1, taken=[10 * HOUR_MS]).spent(HOUR_MS) == ""


@given(
    st.integers(1, 4),
    st.lists(st.integers(0, HOUR_MS // 2), max_size=30),
)
def test_no_hour_ever_holds_more_updates_than_the_budget(limit: int, waits: list[int]) -> None:
    budget, now = Budget(limit), 0
    taken: list[int] = []
    for wait in waits:
        now += wait
        if not budget.spent(now):
            budget.take(now)
            taken.append(now)
    for start in taken:
        assert sum(start <= t < start + HOUR_MS for t in taken) <= limit
