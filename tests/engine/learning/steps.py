"""Decisions and transitions as a test wants them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.decision import Action, Decision
from engine.learning.transition import Transition
from tests.engine.build import START_MS

TICK_MS = 500


def decision(
    tick: int = 0,
    asset: str = "BTC",
    slug: str = "btc-1",
    action: Action = Action.HOLD,
    value: float = 0.0,
    policy_id: str = "p",
    states: int = 1,
) -> Decision:
    """The choice of one asset at one tick; its observation holds the tick's number."""
    history = tuple(
        tuple(np.full(18, t, np.float32).tolist()) for t in range(tick - states + 1, tick + 1)
    )
    return Decision(
        t_ms=START_MS + tick * TICK_MS,
        asset=asset,
        slug=slug,
        observation=np.full(18, tick, np.float32),
        history=history,
        mask=(True, True, True),
        probs=(0.5, 0.25, 0.25),
        log_prob=float(np.log((0.5, 0.25, 0.25)[action])),
        value=value,
        action=int(action),
        policy_id=policy_id,
    )


PLAIN = Transition(
    environment="BTC",
    episode="btc-1",
    observation=np.zeros(18, np.float32),
    temporal=np.zeros(90, np.float32),
    mask=(True, True, True),
    action=0,
    log_prob=-1.0,
    value=0.0,
    policy_id="p",
    reward=0.0,
    done=False,
    truncated=False,
    next_value=0.0,
)


def window_of(
    rows: int, environment: str = "BTC", episode: str = "btc-1", reward: float = 0.0
) -> list[Transition]:
    """A whole window whose row i has value i, ends done, and then earns `reward` dollars."""
    return [
        replace(
            PLAIN,
            environment=environment,
            episode=episode,
            value=float(i),
            next_value=float(i + 1),
            done=i == rows - 1,
            reward=reward if i == rows - 1 else 0.0,
        )
        for i in range(rows)
    ]
