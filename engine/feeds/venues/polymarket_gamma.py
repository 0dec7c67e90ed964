"""Discovery's view of a window: the event object of the Gamma API.

Owns what makes a listing trustworthy: the slug's epoch, the ids by protocol version, the fee. A
listing with anything missing or contradictory is refused with a sentence; it is asked for again.
Pure: nothing here knows what was listed before.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from engine.feeds.venues.fields import fields_of, number_of, text
from engine.feeds.venues.polymarket_books import TICKS_BP
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import ASSETS, FeeSchedule, Market, Outcome
from engine.recording import plain
from engine.units import BP, micro

SRC = "gamma.event"
"""The row kind of an event."""

OUTCOMES = ("Up", "Down")
"""The order of every list by outcome: of names, ids, prices and payouts."""

SLUG = re.compile(r"([a-z]{2,5})-updown-(5|15)m-([1-9]\d{9})")

_CONDITION = re.compile(r"0x[0-9a-f]{64}", re.IGNORECASE)
_SHORT_CONDITION = re.compile(r"0x[0-9a-f]{62}", re.IGNORECASE)
_ID = re.compile(r"[1-9]\d{0,77}")

LIST_LIMIT = 2_000
"""Characters of the longest list that comes as JSON in a string."""


class Named(NamedTuple):
    """What a slug says."""

    asset: str
    window_start: int
    """Unix seconds."""
    window_seconds: int

    @property
    def end_ms(self) -> int:
        return (self.window_start + self.window_seconds) * 1000


def named(slug: str) -> Named:
    """Raises MessageError for a slug of another kind of market."""
    found = SLUG.fullmatch(slug)
    if found is None or found[1].upper() not in ASSETS:
        raise MessageError(f"slug {plain(slug)} is not one of an up/down window")
    start, seconds = int(found[3]), int(found[2]) * 60
    if start % seconds:
        raise MessageError(f"slug {plain(slug)} does not begin on its grid")
    return Named(found[1].upper(), start, seconds)


def listed(data: object) -> Market:
    """The window that an event lists. Raises MessageError."""
    event = fields_of(data)
    slug = text(event, "slug")
    window, market = named(slug), _market(event, slug)
    _check_times(market, window)
    _check_outcomes(market)
    version = _version(market)
    up, down = _tokens(market, version)
    return Market(
        slug=slug,
        asset=window.asset,
        condition_id=_condition(market, version),
        window_start=window.window_start,
        window_seconds=window.window_seconds,
        up_token=up,
        down_token=down,
        tick_bp=_tick(market),
        min_shares=micro(number_of(market, "orderMinSize", 1_000_000)),
        fee=_fee(market),
    )


def price_to_beat(data: object) -> float | None:
    """Dollars; None: the event does not give it (yet). Raises MessageError."""
    metadata = fields_of(data).get("eventMetadata")
    if isinstance(metadata, str) and metadata:
        metadata = _unpacked(metadata, "eventMetadata")
    if not metadata or fields_of(metadata).get("priceToBeat") is None:
        return None
    price = float(number_of(metadata, "priceToBeat", 10**9))
    if price <= 0:
        raise MessageError("priceToBeat is not above 0")
    return price


def verdict(data: object, known: Market | None = None) -> Outcome | None:
    """The outcome of a closed window; None: not known (yet).

    `known` is the window asked about, where it is known: the event must be about it. Raises
    MessageError.
    """
    event = fields_of(data)
    market = _market(event, text(event, "slug"))
    if market.get("closed") is not True:
        return None
    _check_outcomes(market)
    _check_known(event, market, known)
    prices = [_price(price) for price in _pair(market, "outcomePrices")]
    if prices == [1, 0]:
        return Outcome.UP
    return Outcome.DOWN if prices == [0, 1] else None


def padded(condition_id: str) -> str:
    """A condition id as the other APIs know it: the newer protocol's comes one byte short.

    Raises MessageError for what is no condition id.
    """
    if _SHORT_CONDITION.fullmatch(condition_id):
        return condition_id + "00"
    if _CONDITION.fullmatch(condition_id) is None:
        raise MessageError("conditionId is not a number of 32 bytes")
    return condition_id


def _market(event: dict[str, Any], slug: str) -> dict[str, Any]:
    markets = event.get("markets")
    if not isinstance(markets, list) or len(markets) != 1:
        raise MessageError("the event does not have one market")
    market = fields_of(markets[0])
    if market.get("slug", slug) != slug:
        raise MessageError("the event's market has another slug")
    return market


def _check_known(event: dict[str, Any], market: dict[str, Any], known: Market | None) -> None:
    if known is None:
        return
    if event["slug"] != known.slug:
        raise MessageError("the event is another window's")
    if padded(text(market, "conditionId")).lower() != known.condition_id.lower():
        raise MessageError("the event is about another market")


def _check_times(market: dict[str, Any], window: Named) -> None:
    """The slug is believed only if both of the market's times agree."""
    start, end = _seconds(market, "eventStartTime"), _seconds(market, "endDate")
    if start != window.window_start:
        raise MessageError("eventStartTime is not the time in the slug")
    if end - start != window.window_seconds:
        raise MessageError("endDate is not the window's length after its start")


def _seconds(market: dict[str, Any], key: str) -> int:
    written = text(market, key)
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise MessageError(f"{key} is not a time") from None
    if at.tzinfo is None:
        raise MessageError(f"{key} has no time zone")
    return int(at.timestamp())


def _check_outcomes(market: dict[str, Any]) -> None:
    if tuple(_pair(market, "outcomes")) != OUTCOMES:
        raise MessageError("its outcomes are not Up and Down, in this order")


def _version(market: dict[str, Any]) -> str:
    version = market.get("version") or "v1"  # older listings do not state it
    if version not in ("v1", "v2"):
        raise MessageError(f"protocol version {plain(str(version))} is not known here")
    return str(version)


def _tokens(market: dict[str, Any], version: str) -> tuple[str, str]:
    """`positionIds` come with markets of the first version as well, and are not tradable there."""
    up, down = _pair(market, "clobTokenIds" if version == "v1" else "positionIds")
    for token in (up, down):
        if not isinstance(token, str) or _ID.fullmatch(token) is None:
            raise MessageError("a token's id is not a string of digits")
    if up == down:
        raise MessageError("both outcomes have the same token")
    return up, down


def _condition(market: dict[str, Any], version: str) -> str:
    condition_id = text(market, "conditionId")
    if version == "v1" and _SHORT_CONDITION.fullmatch(condition_id):
        raise MessageError("conditionId is one byte short")
    return padded(condition_id)


def _tick(market: dict[str, Any]) -> int:
    tick = number_of(market, "orderPriceMinTickSize", 1) * BP
    if tick not in TICKS_BP:
        raise MessageError("orderPriceMinTickSize is none of the venue's")
    return int(tick)


def _fee(market: dict[str, Any]) -> FeeSchedule:
    if market.get("feesEnabled") is False:
        return FeeSchedule(Decimal(0))
    schedule = market.get("feeSchedule")
    if not isinstance(schedule, dict):
        raise MessageError("it has no feeSchedule; what a fill costs is not known")
    exponent = number_of(schedule, "exponent", 4)
    if exponent != int(exponent):
        raise MessageError("the fee's exponent is not whole")
    return FeeSchedule(number_of(schedule, "rate", 1), int(exponent))


def _price(price: object) -> Decimal:
    return number_of({"price": price}, "price", 1)


def _pair(market: dict[str, Any], key: str) -> list[Any]:
    """Two items, listed as such or as JSON in a string."""
    items = market.get(key)
    if isinstance(items, str):
        items = _unpacked(items, key)
    if not isinstance(items, list) or len(items) != len(OUTCOMES):
        raise MessageError(f"{key} is not a list of two")
    return items


def _unpacked(packed: str, key: str) -> Any:
    if len(packed) > LIST_LIMIT:
        raise MessageError(f"{key} is {len(packed)} characters long")
    try:
        return json.loads(packed)
    except (ValueError, RecursionError):
        raise MessageError(f"{key} is not JSON") from None
