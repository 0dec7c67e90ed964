"""How long a simulated day is, how closely it is looked at, and the settings that it is dealt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from engine.feeds.sim_params import SimParams
from engine.settings import Limits, PaperVenue, Safety, Settings
from tests.simulation.dice import Dice


@dataclass(frozen=True, slots=True)
class Scale:
    """How long a day is, and how closely it is looked at."""

    windows: int
    """Of two assets, half of them before midnight."""
    step_ms: int
    """Market time between two looks at everything."""
    decision_ms: int
    """Market time between ticks."""
    deaths: float
    """Chance of a kill, and of a quit, in each step."""
    market: SimParams


def _quiet_market() -> SimParams:
    """What is told is thinned anyway (`tests.simulation.market`): here it is not even made up."""
    dense = SimParams()
    assets = tuple(replace(asset, clusters_per_s=0.05) for asset in dense.assets)
    return replace(dense, assets=assets, quotes_per_s=0.1, books_per_s=0.3, books_per_s_end=0.6)


HOUR = Scale(4, 5_000, 2_000, 0.004, SimParams())
"""An hour, closely: what comes between two orders."""
DAY = Scale(96, 30_000, 15_000, 0.001, _quiet_market())
"""Twenty-four hours from noon to noon: what adds up."""


def dealt(dice: Dice, decision_ms: int) -> Settings:
    """Every limit and rate somewhere between harmless and hopeless."""
    return Settings(
        trade_size=Decimal(dice.one_of((20, 100, 400))),
        decision_ms=decision_ms,
        when_halted=dice.one_of(("hold", "flatten")),
        limits=Limits(
            order=Decimal(400),
            asset=Decimal(dice.one_of((150, 450))),
            exposure=Decimal(800),
            daily_loss=Decimal(dice.one_of((60, 250, 600))),
            opens_per_minute=dice.one_of((2, 12)),
            spread=Decimal("0.08"),
        ),
        paper=PaperVenue(
            reject_rate=dice.one_of((0.0, 0.02, 0.3)),
            delay_rate=dice.one_of((0.0, 0.3)),
            delay_ms=dice.one_of((2_000, 20_000)),
            settle_failure_rate=dice.one_of((0.0, 0.05, 0.4)),
            settle_ms=dice.one_of((0, 2_000, 30_000)),
            lost_answer_rate=dice.one_of((0.0, 0.02, 0.3)),
        ),
        safety=Safety(data_gap_s=dice.one_of((20.0, 60.0))),
    )
