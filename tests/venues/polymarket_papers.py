"""What Polymarket's requests answer: windows, books and resolutions in its own words."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from tests.venues.outcome_book import BP, TokenBook
from tests.venues.window import Window
from tests.venues.world import World

NAMES = {"BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana", "XRP": "XRP"}

Paper = dict[str, Any]


def iso(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def price_text(price: int) -> str:
    """Basis points as the venue writes them: no zeros behind."""
    return f"{price / BP:.4f}".rstrip("0")


def size_text(size: int) -> str:
    """Micro-shares as the venue writes them: no zeros behind."""
    whole, part = divmod(size, 1_000_000)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")


def digest(*words: object) -> str:
    return hashlib.sha1(repr(words).encode(), usedforsecurity=False).hexdigest()


def levels(book: TokenBook) -> tuple[list[Paper], list[Paper]]:
    """Bids rising and asks falling: the best is the last of each."""
    bids = [{"price": price_text(p), "size": size_text(book.bids[p])} for p in sorted(book.bids)]
    falling = sorted(book.asks, reverse=True)
    return bids, [{"price": price_text(p), "size": size_text(book.asks[p])} for p in falling]


def book(window: Window, token: str, stamp_ms: int) -> Paper:
    """The answer of ``GET /book``."""
    bids, asks = levels(window.books[token])
    last = window.last_trade.get(token)
    paper: Paper = {
        "market": window.condition_id,
        "asset_id": token,
        "timestamp": str(stamp_ms),
        "hash": digest(token, bids, asks),
        "bids": bids,
        "asks": asks,
        "min_order_size": "5",
        "tick_size": price_text(window.tick),
        "neg_risk": False,
        "last_trade_price": "" if last is None else f"{last / BP:.3f}",
    }
    return paper if window.version == "v1" else {**paper, "version": "v2"}


def gamma_market(world: World, window: Window) -> Paper:
    """A market as discovery shows it: lists are strings of JSON, ids of v2 stand elsewhere."""
    v2 = window.version == "v2"
    closed = world.knows(window, "gamma")
    minutes = window.seconds // 60
    asset = window.asset.lower()
    return {
        "$schema": "https://gamma-api.polymarket.com/schemas/Market.json",
        "id": str(5_000_000 + window.start % 1_000_000),
        "question": f"{NAMES[window.asset]} Up or Down - {iso(window.start)}",
        # Discovery cuts the id of v2 to 31 bytes; the order book wants all 32.
        "conditionId": window.condition_id[:64] if v2 else window.condition_id,
        "slug": window.slug,
        "resolutionSource": f"https://data.chain.link/streams/{asset}-usd-twap-60s-streams",
        "endDate": iso(window.end),
        "liquidity": "18191.2606",
        "startDate": iso(window.start - 86_000),
        "outcomes": json.dumps(["Up", "Down"]),
        "outcomePrices": json.dumps(_outcome_prices(window, closed)),
        "active": True,
        "closed": closed,
        "enableOrderBook": True,
        "orderPriceMinTickSize": window.tick / BP,
        "orderMinSize": 5,
        "clobTokenIds": None if v2 else json.dumps([window.up, window.down]),
        # On v1 they are there too, and cannot be traded.
        "positionIds": [window.up, window.down] if v2 else [str(7 << 240), str((7 << 240) + 1)],
        "makerBaseFee": 1000,
        "takerBaseFee": 1000,
        "acceptingOrders": world.second < window.end,
        "acceptingOrdersTimestamp": iso(window.start - 86_000),
        "negRisk": False,
        "umaResolutionStatuses": "[]",
        "eventStartTime": iso(window.start),
        "feesEnabled": True,
        "feeType": "crypto_fees_v2",
        "feeSchedule": {"exponent": 1, "rate": 0.07, "takerOnly": True, "rebateRate": 0.2},
        "cryptoMarketConfigId": f"{asset}-{minutes}m-twap-60",
        "cryptoMarketConfig": {
            "id": f"{asset}-{minutes}m-twap-60",
            "asset": asset,
            "duration": f"{minutes}m",
            "twapEnabled": True,
            "twapLookbackSeconds": 60,
        },
        "version": window.version,
    }


def _outcome_prices(window: Window, closed: bool) -> list[str]:
    if closed:
        return ["1", "0"] if window.outcome == "UP" else ["0", "1"]
    best = window.books[window.up].best_bid or BP // 2
    return [price_text(best), price_text(BP - best)]


def gamma_event(world: World, window: Window) -> Paper:
    """The event around a market; what is known of its prices comes in `eventMetadata`."""
    minutes = window.seconds // 60
    series = f"{window.asset.lower()}-up-or-down-{minutes}m"
    event: Paper = {
        "id": str(1_000_000 + window.start % 1_000_000),
        "ticker": window.slug,
        "slug": window.slug,
        "title": f"{NAMES[window.asset]} Up or Down - {iso(window.start)}",
        "resolutionSource": "https://data.chain.link/streams",
        "startDate": iso(window.start - 86_000),
        "endDate": iso(window.end),
        "active": True,
        "closed": world.knows(window, "gamma"),
        "archived": False,
        "enableOrderBook": True,
        "openInterest": 22018.963745,
        "series": [{"id": "10192", "slug": series, "recurrence": f"{minutes}m", "active": True}],
        "tags": [{"id": "102467", "label": f"{minutes}M", "slug": f"{minutes}M"}],
        "startTime": iso(window.start),
        "seriesSlug": series,
        "version": window.version,
        "markets": [gamma_market(world, window)],
    }
    if world.tells_price(window):
        event["eventMetadata"] = _prices(world, window)
    return event


def _prices(world: World, window: Window) -> Paper:
    told: Paper = {"priceToBeat": window.price_to_beat}
    if world.knows(window, "gamma"):
        told["finalPrice"] = window.final_price
    return told


def clob_market(world: World, window: Window) -> Paper:
    """The answer of ``GET /markets/{condition id}``."""
    over = world.knows(window, "clob")
    return {
        "enable_order_book": True,
        "active": True,
        "closed": over,
        "archived": False,
        "accepting_orders": world.second < window.end,
        "minimum_order_size": 5,
        "minimum_tick_size": window.tick / BP,
        "condition_id": window.condition_id,
        "question": f"{NAMES[window.asset]} Up or Down - {iso(window.start)}",
        "market_slug": window.slug,
        "end_date_iso": iso(window.end),
        "neg_risk": False,
        "tokens": [
            _token(window, window.up, "Up", over),
            _token(window, window.down, "Down", over),
        ],
    }


def _token(window: Window, token: str, outcome: str, over: bool) -> Paper:
    won = over and token == window.winner
    price = float(won) if over else (window.books[token].best_bid or BP // 2) / BP
    return {"token_id": token, "outcome": outcome, "price": price, "winner": won}


def clob_terms(window: Window) -> Paper:
    """The answer of ``GET /clob-markets/{condition id}``."""
    terms: Paper = {
        "r": {"mi": 50, "ma": 4.5, "moas": 30},
        "t": [{"t": window.up, "o": "Up"}, {"t": window.down, "o": "Down"}],
        "c": window.condition_id,
        "mos": 5,
        "mts": window.tick / BP,
        "mbf": 1000,
        "tbf": 1000,
        "ao": True,
        "aot": iso(window.start - 86_000),
        "itode": True,
        "fd": {"r": 0.07, "e": 1, "to": True},
        "v": window.version,
    }
    return terms if window.version == "v1" else {**terms, "cbos": True}


def resolutions(world: World, window: Window) -> Paper:
    """The answer of ``GET /v2/resolutions``: an empty list until it is resolved."""
    if not world.knows(window, "data"):
        return {"data": []}
    when = iso(window.end + (world.plan.resolve_after_s["data"] or 0))
    row: Paper = {
        "condition_id": window.condition_id,
        "status": "resolved",
        "extended_review": False,
        "was_disputed": False,
        "new_version_q": False,
        "transaction_hash": "0x" + digest(window.slug),
        "log_index": "993",
        "last_update_timestamp": when,
        "payouts": [1_000_000, 0] if window.outcome == "UP" else [0, 1_000_000],
        "resolution_source": "reported",
        "resolved_block": 95_024_068,
        "resolved_at": when,
    }
    if window.version == "v2":
        row |= {"market_type": "BINARY", "reporter": "CHAINLINK", "was_arbitrated": False}
    return {"data": [row]}
