"""Outcomes of windows by the order book's API and the data API.

Owns what counts as a verdict there. Whatever is not an unmistakable one is no verdict yet: nothing
is booked on it, and it is asked for again.
"""

from __future__ import annotations

from typing import Any

from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.polymarket_gamma import OUTCOMES, padded
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import Market, Outcome

CLOB_SRC = "clob.market"
"""The row kind of ``GET /markets/{condition_id}`` of the order book's API."""

DATA_SRC = "data.resolutions"
"""The row kind of ``GET /v2/resolutions?condition=`` of the data API."""

_BY_NAME = dict(zip(OUTCOMES, (Outcome.UP, Outcome.DOWN), strict=True))
_BY_PAYOUT = {(1_000_000, 0): Outcome.UP, (0, 1_000_000): Outcome.DOWN}
"""Micro-dollars per share, in the order of `OUTCOMES`."""


def clob_verdict(answer: object, market: Market | None = None) -> Outcome | None:
    """The outcome whose token is marked as the winner; None: none is.

    `market` is the window asked about, where it is known: the answer must be about it. Raises
    MessageError.
    """
    fields = fields_of(answer)
    _check_condition(fields, market)
    tokens = fields.get("tokens")
    if not isinstance(tokens, list) or len(tokens) != len(OUTCOMES):
        raise MessageError("tokens is not a list of two")
    won = [token for token in map(fields_of, tokens) if token.get("winner") is True]
    if len(won) > 1:
        raise MessageError("both tokens are marked as the winner")
    return _outcome(won[0], market) if won else None


def data_verdict(answer: object, market: Market | None = None) -> Outcome | None:
    """The outcome that is paid a whole dollar; None: not resolved. Raises MessageError."""
    items = fields_of(answer).get("data")
    if not isinstance(items, list) or len(items) > 1:
        raise MessageError("data is not a list of at most one resolution")
    if not items:
        return None
    item = fields_of(items[0])
    _check_condition(item, market)
    payouts = item.get("payouts")
    if item.get("status") != "resolved" or not isinstance(payouts, list):
        return None
    if any(type(amount) is not int for amount in payouts):
        raise MessageError("a payout is not a whole number")
    return _BY_PAYOUT.get(tuple(payouts))


def _outcome(token: dict[str, Any], market: Market | None) -> Outcome:
    outcome = _BY_NAME.get(text(token, "outcome"))
    if outcome is None:
        raise MessageError("the winner is neither Up nor Down")
    if market is not None and token.get("token_id") != market.token(outcome):
        raise MessageError(f"the winner's token is not that of {outcome}")
    return outcome


def _check_condition(fields: dict[str, Any], market: Market | None) -> None:
    asked = None if market is None else market.condition_id.lower()
    if asked is not None and padded(text(fields, "condition_id")).lower() != asked:
        raise MessageError("the answer is about another market")
