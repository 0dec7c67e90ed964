"""Rows that the program, or whoever made a recording, writes in words of its own.

Owns the meaning of `market`, `mid`, `quote`, `resolution`, `reference` and `session`, and the
writing of a `market` row. Pure; each function raises MessageError for what it cannot use.
"""

from __future__ import annotations

from typing import Any

from engine.feeds.venues.fields import amount, fields_of, number, positive, text, whole
from engine.feeds.venues.polymarket_books import TICKS_BP
from engine.feeds.venues.polymarket_levels import MessageError, PriceCodes, SizeCodes
from engine.market import ASSETS, FeeSchedule, Market, Outcome
from engine.messages import (
    Message,
    MidQuote,
    ReferenceChosen,
    Resolution,
    SessionEnded,
    TradeSums,
    VenueQuote,
)
from engine.recording import plain
from engine.units import BP, micro

SUMS = (("trades_3s", 3.0), ("trades_10s", 10.0))
"""Keys of the trailing trade sums in a `quote` row and their seconds, short first."""

VENUES = ("binance-futures", "binance-spot", "okx-swap")
"""Reference venues, from the first choice to the last."""


def market(data: dict[str, Any]) -> Market:
    up, down = text(data, "up_token"), text(data, "down_token")
    if up == down:
        raise MessageError("both outcomes have the same token")
    tick = amount(data, "tick_size", 1) * BP
    if tick not in TICKS_BP:
        raise MessageError("tick_size is none of the venue's")
    return Market(
        slug=text(data, "slug"),
        asset=_asset(data),
        condition_id=text(data, "condition_id"),
        window_start=whole(data, "window_start", range(1_000_000_000, 4_102_444_800)),
        window_seconds=whole(data, "window_seconds", range(60, 86_401)),
        up_token=up,
        down_token=down,
        tick_bp=int(tick),
        min_shares=micro(amount(data, "min_size", 1_000_000)),
        fee=_fee(fields_of(data.get("fee"))),
    )


def market_row(listed: Market) -> dict[str, Any]:
    """What `market` reads as `listed`."""
    return {
        "slug": listed.slug,
        "asset": listed.asset,
        "condition_id": listed.condition_id,
        "window_start": listed.window_start,
        "window_seconds": listed.window_seconds,
        "up_token": listed.up_token,
        "down_token": listed.down_token,
        "tick_size": PriceCodes.text(listed.tick_bp),
        "min_size": SizeCodes.text(listed.min_shares),
        "fee": {"rate": f"{listed.fee.rate:f}", "exponent": listed.fee.exponent},
    }


def mid(t_ms: int, data: dict[str, Any]) -> MidQuote:
    if data.get("outcome") != Outcome.UP:
        raise MessageError("a mid of another outcome than UP")
    value = number(data, "mid")
    if value > 1:
        raise MessageError(f"mid {value:g} is not in [0, 1]")
    return MidQuote(t_ms, text(data, "slug"), value)


def quote(t_ms: int, data: dict[str, Any]) -> VenueQuote:
    bid, ask = positive(data, "bid"), positive(data, "ask")
    if bid > ask:
        raise MessageError(f"crossed quote: bid {bid:g} above ask {ask:g}")
    sums = tuple(_sums(fields_of(data[key]), s) for key, s in SUMS if key in data)
    return VenueQuote(t_ms, text(data, "venue"), _asset(data), bid, ask, sums)


def resolution(t_ms: int, data: dict[str, Any]) -> Resolution:
    outcome = data.get("outcome")
    if outcome not in (None, Outcome.UP, Outcome.DOWN):
        raise MessageError("its outcome is neither UP, DOWN nor null")
    evidence = data.get("evidence")
    return Resolution(
        t_ms,
        text(data, "slug"),
        None if outcome is None else Outcome(outcome),
        plain(evidence) if isinstance(evidence, str) else "",
    )


def reference(t_ms: int, data: dict[str, Any]) -> ReferenceChosen:
    venue, reason = data.get("venue"), data.get("reason")
    if venue not in VENUES:
        raise MessageError("its venue is no reference venue")
    return ReferenceChosen(t_ms, str(venue), reason if isinstance(reason, str) else "")


def session(t_ms: int, data: dict[str, Any]) -> tuple[Message, ...]:
    state = data.get("state")
    if state not in ("begun", "ended"):
        raise MessageError("its state is neither begun nor ended")
    return (SessionEnded(t_ms),) if state == "ended" else ()


def _fee(data: dict[str, Any]) -> FeeSchedule:
    return FeeSchedule(amount(data, "rate", 1), whole(data, "exponent", range(5)))


def _asset(data: dict[str, Any]) -> str:
    asset = text(data, "asset")
    if asset not in ASSETS:
        raise MessageError(f"asset {plain(asset)} is not traded here")
    return asset


def _sums(data: dict[str, Any], window_s: float) -> TradeSums:
    count = number(data, "buy_count") + number(data, "sell_count")
    return TradeSums(window_s, number(data, "buy_qty"), number(data, "sell_qty"), count)
