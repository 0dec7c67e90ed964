"""Building the `LearningView`: the challenger in numbers and words.

Owns the translation only, as `engine.picture` does for the rest; called at the console's pace.
"""

from __future__ import annotations

from engine.core import Engine
from engine.learning.challenger import Challenger
from engine.learning_view import LearningView, RivalView
from engine.trading_state import TradingState
from engine.units import dollars


def learning_picture(challenger: Challenger | None, champion: Engine) -> LearningView:
    """The view of the challenger; where there is none, the view that says so."""
    if challenger is None:
        why = "nothing learns in this run; start it with --learn"
        decides = RivalView(champion.ladder.policy.policy_id)
        return LearningView(why=why, champion=decides, probation=_probation(champion))
    learner = challenger.learner
    phase, why = _phase(challenger)
    return LearningView(
        on=challenger.shadow.learning,
        phase=phase,
        why=why,
        profile=learner.profile.name,
        gamma=learner.profile.gamma,
        rows=learner.rows,
        rows_needed=learner.profile.rows,
        rewarded=learner.rewarded,
        rewarded_needed=learner.profile.rewarded,
        step=learner.step,
        steps=learner.steps,
        updates=tuple(learner.updates),
        accepted=learner.accepted,
        refused=learner.refused,
        champion=_champion(challenger),
        challenger=_challenger(challenger),
        verdict=challenger.rivals.verdict(),
        criteria=challenger.criteria(),
        probation=_probation(champion),
        reward_scale=learner.reward_scale_dollars,
        checkpoint=challenger.checkpoint,
        slice_p99_ms=challenger.slices.quantile_ms(0.99) or None,
        behind_s=challenger.behind_s,
    )


def _phase(challenger: Challenger) -> tuple[str, str]:
    """What the learner is doing, and why it does not do more."""
    learner, state = challenger.learner, challenger.shadow.engine.state()
    if challenger.ended:
        return "off", challenger.ended
    if not challenger.shadow.learning:
        return "off", "switched off; the challenger stays as is"
    if state is not TradingState.ACTIVE:
        return "paused", f"nothing is learned while {state.value}"
    if learner.updating:
        return "updating", ""
    return "collecting", learner.waits


def _champion(of: Challenger) -> RivalView:
    policy_id = of.champion.ladder.policy.policy_id
    return RivalView(policy_id, of.rivals.champion_pnl, of.rivals.champion_fills)


def _challenger(of: Challenger) -> RivalView:
    policy_id = of.learner.policy_id
    return RivalView(policy_id, of.rivals.challenger_pnl, of.rivals.challenger_fills)


def _probation(champion: Engine) -> str:
    probation = champion.journal.ledger.probation
    settings = champion.settings.learning
    if not probation.active or len(probation.slots) > settings.probation_slots:
        return ""
    lost = dollars(probation.drawdown)
    return (
        f"lost ${lost:.2f} of ${settings.rollback_drawdown}, "
        f"slot {len(probation.slots)} of {settings.probation_slots}"
    )
