"""What the model is given of each asset at a decision tick.

Owns the passage from a desk to a `Row`: one reading of the signals, the 18 features, and one push
into the history. It decides nothing.
"""

from __future__ import annotations

from engine.decider import Row
from engine.decision import Floats
from engine.desk import Desk
from engine.features import InvalidRow, to_features
from engine.market import Market, Outcome
from engine.position_input import position_input
from engine.signals import neutral_count
from engine.trader import Trader


def row_of(desk: Desk, trader: Trader, t_ms: int) -> Row | None:
    """This tick's input of one asset; None where there is no window or a row is invalid."""
    desk.features = None
    if desk.market is None:
        return None
    desk.reading = desk.signals.reading(
        t_ms,
        desk.market,
        desk.book(Outcome.UP),
        desk.mid_quote(),
        position_input(trader, desk),
    )
    desk.neutral = max(desk.neutral, neutral_count(desk.reading.status))
    desk.row_invalid = desk.reading.invalid
    if desk.reading.state is None:
        return None
    try:
        observation = to_features(desk.reading.state)
    except InvalidRow as error:
        desk.row_invalid = str(error)
        return None
    return _pushed(desk, trader, desk.market, observation)


def _pushed(desk: Desk, trader: Trader, market: Market, observation: Floats) -> Row:
    desk.features = tuple(map(float, observation))
    desk.history.push(observation)
    return Row(
        desk.asset,
        market.slug,
        observation,
        desk.history.rows(),
        desk.history.temporal(),
        trader.mask(desk),
    )
