"""What is not documented of the market's venue, or may change, and can be seen by looking.

A finding here is amiss only where the answer contradicts what the program assumes (reference:
polymarket 14). A question that cannot be answered now is no fault.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson

from engine.doctor.findings import Finding, amiss, fine, judged
from engine.doctor.polymarket_windows import Window, past_windows
from engine.doctor.wire import Listening, Wire
from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.polymarket_streams import PRICES_TOPIC
from engine.feeds.venues.fields import fields_of
from engine.market import FeeSchedule, Market

VERSION = "question: market version"
DELAY = "question: taker delay"
FEE = "question: fee rate"
PRICE_LIVE = "question: settlement price live"
PRICES = "question: price to beat"
COUNTRY = "question: country tiers"

VERSIONS = {"v1", "v2"}
"""Versions whose token ids the program can read."""

CLOB_KEYS = {"r", "t", "c", "mos", "mts", "mbf", "tbf", "ao", "aot", "itode", "fd", "v", "cbos",
             "nr", "ibce", "oas"}  # fmt: skip
"""Keys of the order book's view of a market that were seen by October 2026."""

PAST = 5
"""Windows whose prices are compared, each with the one before."""

CLOSED_COUNTRIES = (
    "AU BY BE BI BR CF CD ET FR DE IT PL GB US UM IQ LB LY MM NZ NI RU SG SO SK SS SD TW TH VE YE"
    " ZW IR SY CU KP"
)
"""Where the venue took no new orders in September 2026; Canada and Ukraine in part."""


def version_question(windows: list[Window]) -> Finding:
    """Which protocol the windows are listed under now."""
    seen = sorted({window.version for window in windows if window.market is not None})
    if not seen:
        return fine(VERSION, "not answered: no window was found")
    advice = "update the program: orders on such markets may need another signature"
    return judged(VERSION, " and ".join(seen), "" if VERSIONS.issuperset(seen) else advice)


async def delay_and_fee(wire: Wire, market: Market) -> list[Finding]:
    """What the order book says of one market: the taker delay's fields, and its fee."""
    url = f"{wire.settings.venues.polymarket_clob}/clob-markets/{market.condition_id}"
    answer = await wire.get(url)
    if isinstance(answer, Refusal):
        return [fine(question, f"not answered: {answer.why}") for question in (DELAY, FEE)]
    data = fields_of(answer.data)
    return [_delay(data), _fee(data, market.fee)]


def _delay(data: dict[str, Any]) -> Finding:
    new = {key: data[key] for key in sorted(data.keys() - CLOB_KEYS)}
    held = data.get("itode")
    word = "not said" if type(held) is not bool else "yes" if held else "no"
    return fine(DELAY, f"orders that take are held: {word}; new fields: {new or 'none'}")


def _fee(data: dict[str, Any], listed: FeeSchedule) -> Finding:
    """The program reads each market's schedule; what was trained and simulated assumed one."""
    raw = data.get("fd")
    here = raw.get("r") if isinstance(raw, dict) else None
    detail = f"{listed.rate} by discovery, {here} by the order book"
    if listed.rate != FeeSchedule().rate:
        advice = (
            f"paper trading charges it, but what was trained assumed {FeeSchedule().rate}:"
            " evaluate the weights anew"
        )
        return amiss(FEE, detail, advice)
    differs = here is not None and Decimal(str(here)) != listed.rate
    advice = "trust no paper result until the venue's two answers agree: report this line"
    return judged(FEE, detail, advice if differs else "")


def price_question(heard: Listening | Refusal) -> Finding:
    """Whether the settlement price's stream sends updates, or only its last minute."""
    if isinstance(heard, Refusal):
        return fine(PRICE_LIVE, f"not answered: {heard.why}")
    updates = sum(_is_update(frame.data) for frame in heard.frames)
    if updates:
        return fine(PRICE_LIVE, f"yes: updates heard while listening: {updates}")
    past = "only the last minute, no update" if heard.first else "it said nothing"
    return fine(PRICE_LIVE, f"no: {past}; the price to beat then comes from discovery")


def _is_update(data: object) -> bool:
    return (
        isinstance(data, dict)
        and data.get("topic") == PRICES_TOPIC
        and data.get("type") == "update"
    )


async def prices_to_beat(wire: Wire) -> list[Finding]:
    """Whether a window's price to beat is the final price of the one before, to the cent."""
    windows = await past_windows(wire, wire.settings.feeds.assets[0], PAST)
    known = [_prices(window.answer) for window in windows]
    pairs = [
        (final, beat)
        for (_, final), (beat, _) in pairwise(known)
        if final is not None and beat is not None
    ]
    same = sum(final == beat for final, beat in pairs)
    if not pairs:
        return [fine(PRICES, "not answered: no two windows in a row with their prices")]
    advice = "wait for the venue's own price before you trust an early one: report this line"
    detail = f"the last final price in {same} of {len(pairs)} windows"
    return [judged(PRICES, detail, "" if same == len(pairs) else advice)]


def _prices(answer: Answer | Refusal) -> tuple[float | None, float | None]:
    """Price to beat and final price, dollars; the venue has sent them as an object and as JSON."""
    event = answer.data if isinstance(answer, Answer) else None
    raw = event.get("eventMetadata") if isinstance(event, dict) else None
    if isinstance(raw, str):
        try:
            raw = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return None, None
    if not isinstance(raw, dict):
        return None, None
    return _dollars(raw.get("priceToBeat")), _dollars(raw.get("finalPrice"))


def _dollars(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value < 1e9 else None


def tier_question(blocked: object, country: str) -> Finding:
    """Whether the venue's answer is what its list of September 2026 says of the country."""
    listed = "closed" if country in CLOSED_COUNTRIES.split() else "open, or open in part"
    said = "blocked" if blocked is True else "not blocked"
    return fine(COUNTRY, f"{country or 'unknown'} is {said} now; in September 2026 it was {listed}")
