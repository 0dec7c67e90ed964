"""The market's venue: its windows, books, streams and clock, and who may trade there.

Asks for public data alone. What is not documented and only looked at is `polymarket_questions`.
"""

from __future__ import annotations

import asyncio
from statistics import median
from typing import Any

from engine.doctor.findings import Finding, amiss, fine, flat, judged, refused, unharmed
from engine.doctor.judging import clock_finding, stream_finding
from engine.doctor.polymarket_questions import (
    COUNTRY,
    DELAY,
    FEE,
    PRICES,
    delay_and_fee,
    price_question,
    prices_to_beat,
    tier_question,
    version_question,
)
from engine.doctor.polymarket_windows import Window, current_windows
from engine.doctor.wire import Wire
from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.polymarket_streams import (
    market_heard,
    market_spec,
    prices_heard,
    prices_spec,
)
from engine.feeds.venues.fields import fields_of
from engine.feeds.venues.quantities import counted, listed, stamp
from engine.market import Market
from engine.units import MICRO, price_float

BOOK = "polymarket: book"
SOCKET = "polymarket: books' stream"
DATA = "polymarket: resolutions"
PRICE_STREAM = "polymarket: prices' stream"
GEOBLOCK = "polymarket: country"
CLOB = "polymarket: order book's clock"

PONG = "PONG"
"""What the market channel must answer to a ``PING``."""

LATER = "the price to beat then comes from discovery, about a minute late"


async def polymarket_findings(wire: Wire) -> list[Finding]:
    """Every look at this venue, side by side."""
    seconds = wire.patience.look_s
    found = await asyncio.gather(
        _of_windows(wire),
        unharmed(CLOB, _clock(wire), seconds),
        unharmed(GEOBLOCK, _geoblock(wire), seconds),
        unharmed(PRICE_STREAM, _prices(wire), seconds),
        unharmed(PRICES, prices_to_beat(wire), seconds),
    )
    return flat(found)


async def _of_windows(wire: Wire) -> list[Finding]:
    """Discovery, and then what needs a window that was found."""
    windows = await current_windows(wire)
    found = [_discovery(windows), *_by_asset(wire, windows), version_question(windows)]
    markets = [window.market for window in windows if window.market is not None]
    if not markets:
        advice = "mend the lines about discovery first"
        skipped = [amiss(check, "not looked at: no window was found", advice)
                   for check in (BOOK, SOCKET, DATA)]  # fmt: skip
        return [*found, *skipped, *(fine(q, "not answered: no window was found")
                                    for q in (DELAY, FEE))]  # fmt: skip
    seconds, market = wire.patience.look_s, markets[0]
    more = await asyncio.gather(
        unharmed(BOOK, _book(wire, market), seconds),
        unharmed(SOCKET, _stream(wire, market), seconds),
        unharmed(DATA, _resolutions(wire, market), seconds),
        unharmed(DELAY, delay_and_fee(wire, market), seconds),
    )
    return [*found, *flat(more)]


def _discovery(windows: list[Window]) -> Finding:
    check = "polymarket: discovery"
    answers = [w.answer for w in windows if isinstance(w.answer, Answer)]
    if answers:
        return fine(check, f"answered in {median(a.rtt_ms for a in answers):.0f} ms")
    refusals = [w.answer for w in windows if isinstance(w.answer, Refusal)]
    return refused(check, refusals[0], "venues.polymarket_gamma")


def _by_asset(wire: Wire, windows: list[Window]) -> list[Finding]:
    return [
        _windows_of(asset, [window for window in windows if window.asset == asset])
        for asset in wire.settings.feeds.assets
    ]


def _windows_of(asset: str, windows: list[Window]) -> Finding:
    check = f"polymarket: {asset} windows"
    missing = [window for window in windows if window.market is None]
    if missing:
        detail = "; ".join(dict.fromkeys(window.why for window in missing))
        which = " and the next" if len(missing) > 1 else ""
        return amiss(check, f"{missing[0].slug}{which}: {detail}", _advice(missing))
    first = windows[0]
    return fine(check, f"{first.slug} and the next: {first.version}, {_terms(first.market)}")


def _advice(missing: list[Window]) -> str:
    """Where nothing was answered, discovery is what is broken and not the series."""
    refusals = [window.answer for window in missing if isinstance(window.answer, Refusal)]
    if any(refusal.status is None or refusal.blocked for refusal in refusals):
        return "mend the line about discovery first"
    return "look at the venue's site whether the series is listed; try again in a minute"


def _terms(market: Market | None) -> str:
    if market is None:
        return ""
    tick, least = price_float(market.tick_bp), market.min_shares / MICRO
    power = "" if market.fee.exponent == 1 else f"^{market.fee.exponent}"
    return f"tick ${tick:g}, at least {least:g} shares, fee {market.fee.rate} x (p(1-p)){power}"


async def _clock(wire: Wire) -> list[Finding]:
    answer = await wire.get(f"{wire.settings.venues.polymarket_clob}/time")
    if isinstance(answer, Refusal):
        return [refused(CLOB, answer, "venues.polymarket_clob")]
    stamp_ms = stamp(counted(answer.data, "the time") * 1000, "the time")
    most = wire.settings.feeds.most_skew_s
    return [clock_finding(CLOB, answer, stamp_ms, most, resolution_ms=1000)]


async def _book(wire: Wire, market: Market) -> list[Finding]:
    url = f"{wire.settings.venues.polymarket_clob}/book"
    answer = await wire.get(url, token_id=market.up_token)
    if isinstance(answer, Refusal):
        return [refused(BOOK, answer, "venues.polymarket_clob")]
    data = fields_of(answer.data)
    bids, asks = (len(listed(data.get(side), 0, side)) for side in ("bids", "asks"))
    changed_ms = stamp(data.get("timestamp"), "timestamp")
    age_s = max(0.0, (answer.asked_ms - changed_ms) / 1000)
    detail = f"{market.slug} UP: {bids} bids, {asks} asks, changed {age_s:.1f} s ago"
    advice = "no fault of yours: nothing is bought while a side is empty"
    return [judged(BOOK, detail, "" if bids and asks else advice)]


async def _stream(wire: Wire, market: Market) -> list[Finding]:
    tokens = frozenset({market.up_token, market.down_token})
    wanted = tokens | {PONG}
    heard = await wire.listen(
        market_spec(wire.settings, lambda: tokens, lambda: wanted, market_heard)
    )
    return [stream_finding(SOCKET, heard, "venues.polymarket_stream")]


async def _prices(wire: Wire) -> list[Finding]:
    heard = await wire.listen(prices_spec(wire.settings, prices_heard))
    setting = "venues.polymarket_prices"
    return [
        stream_finding(PRICE_STREAM, heard, setting, LATER),
        price_question(heard),
    ]


async def _resolutions(wire: Wire, market: Market) -> list[Finding]:
    url = f"{wire.settings.venues.polymarket_data}/v2/resolutions"
    answer = await wire.get(url, condition=market.condition_id)
    if isinstance(answer, Refusal):
        instead = "outcomes then come from the other sources"
        return [refused(DATA, answer, "venues.polymarket_data", instead)]
    count = len(listed(fields_of(answer.data).get("data"), 0, "data"))
    return [fine(DATA, f"answered in {answer.rtt_ms:.0f} ms, {count} for a running window")]


async def _geoblock(wire: Wire) -> list[Finding]:
    answer = await wire.get(f"{wire.settings.venues.polymarket_site}/api/geoblock")
    if isinstance(answer, Refusal):
        instead = "paper trading goes on; whether this place may trade is not known"
        return [
            refused(GEOBLOCK, answer, "venues.polymarket_site", instead),
            fine(COUNTRY, f"not answered: {answer.why}"),
        ]
    data: dict[str, Any] = fields_of(answer.data)
    blocked, country = data.get("blocked"), str(data.get("country", ""))[:2]
    advice = "" if blocked is False else "paper trading goes on; real orders are refused from here"
    words = "not blocked" if blocked is False else "blocked" if blocked is True else "no clear word"
    detail = f"{words} ({country or 'country unknown'})"
    return [judged(GEOBLOCK, detail, advice), tier_question(blocked, country)]
