"""Each kind of row becomes its message, or one BadMessage with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.rows import NAMES_LIMIT, OUR_FAULT, RowReader
from engine.feeds.venues.polymarket_prices import tick_of
from engine.market import Outcome
from engine.messages import (
    BadMessage,
    BookSnapshot,
    MarketListed,
    Message,
    MidQuote,
    ReferenceChosen,
    Resolution,
    SessionEnded,
    TradeSums,
    VenueQuote,
)
from engine.recording import Row
from engine.units import MICRO
from tests.engine import recordings as rec
from tests.engine.feeds.venues import gamma

T0 = rec.T0
SUMS = {"buy_qty": 0.5, "sell_qty": 1.5, "buy_count": 2.0, "sell_count": 14.0}

LINES = (
    rec.market(T0),
    rec.book(T0),
    rec.deltas(T0, (rec.UP, "BUY", "0.5", "1")),
    rec.mid(T0, 0.5),
    rec.quote(T0, trades_3s=SUMS),
    rec.resolution(T0),
    rec.row(T0, "reference", {"venue": "okx-swap", "reason": "HTTP 451"}),
    rec.row(T0, "stream", {"name": "polymarket.market", "state": "lost", "why": "silent"}),
    rec.row(T0, "session", {"state": "ended"}),
    rec.row(T0, "polymarket.book", {"asked_ms": T0, "token": rec.UP, "answer": {"bids": []}}),
    rec.row(T0, "gamma.event", gamma.event(closed=True)),
    rec.row(T0, "clob.market", {"slug": gamma.SLUG, "answer": {"tokens": []}}),
    rec.row(T0, "data.resolutions", {"slug": gamma.SLUG, "answer": {"data": []}}),
    rec.row(T0, "polymarket.prices", tick_of("BTC", T0, 1.0)),
    rec.row(T0, "binance.bars", {"venue": "binance-spot", "symbol": "BTCUSDT", "answer": []}),
    rec.row(T0, "binance.interest", {"symbol": "BTCUSDT", "openInterest": "1"}),
    rec.row(T0, "okx.bars", {"instId": "BTC-USDT-SWAP", "answer": {"code": "0", "data": []}}),
)
NAMES = st.sampled_from(sorted({name for line in LINES for name in line["data"]} | {"price"}))


def read(line: dict[str, Any], reader: RowReader | None = None) -> list[Message]:
    row = Row(line["t"], line["src"], line["data"])
    return list((reader or RowReader()).messages(row))


def reason(line: dict[str, Any]) -> str:
    (message,) = read(line)
    assert isinstance(message, BadMessage)
    assert message.t_ms == T0
    return message.reason


def test_a_market_row_lists_the_window_it_describes() -> None:
    (message,) = read(rec.market(T0, window_seconds=300, tick_size="0.001"))
    assert isinstance(message, MarketListed)
    market = message.market
    assert (market.slug, market.asset) == ("btc-updown-15m", "BTC")
    assert market.end_ms == T0 + 300_000
    assert (market.up_token, market.down_token) == (rec.UP, rec.DOWN)
    assert market.tick_bp == 10
    assert market.min_shares == 5 * MICRO
    assert (market.fee.rate, market.fee.exponent) == (Decimal("0.07"), 1)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"slug": None}, "slug is not a name"),
        ({"slug": ""}, "slug is not a name"),
        ({"slug": "x" * 201}, "slug is not a name"),
        ({"slug": "a\x1b[2J"}, "slug is not a name"),
        ({"asset": "DOGE"}, "asset DOGE is not traded here"),
        ({"down_token": rec.UP}, "both outcomes have the same token"),
        ({"window_seconds": 0}, "window_seconds is not a whole number in [60, 86401)"),
        ({"window_seconds": 900.0}, "window_seconds is not a whole number in [60, 86401)"),
        (
            {"window_start": T0},
            "window_start is not a whole number in [1000000000, 4102444800)",
        ),
        ({"tick_size": 0.01}, "tick_size is float, not a string of digits"),
        ({"tick_size": "0.03"}, "tick_size is none of the venue's"),
        ({"min_size": "-5"}, "min_size is not in [0, 1000000]"),
        ({"fee": None}, "data is NoneType, not an object"),
        ({"fee": {"rate": "NaN", "exponent": 1}}, "rate 'NaN' is not finite"),
        ({"fee": {"rate": "0.07", "exponent": -1}}, "exponent is not a whole number in [0, 5)"),
    ],
)
def test_a_bad_market_row_lists_nothing(change: dict[str, Any], why: str) -> None:
    assert reason(rec.market(T0, **change)) == why


def test_a_mid_is_the_mid_of_up() -> None:
    assert read(rec.mid(T0, 0.925)) == [MidQuote(T0, "btc-updown-15m", 0.925)]
    assert read(rec.mid(T0, 0)) == [MidQuote(T0, "btc-updown-15m", 0.0)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (rec.mid(T0, 0.4, outcome="DOWN"), "a mid of another outcome than UP"),
        (rec.mid(T0, 1.01), "mid 1.01 is not in [0, 1]"),
        (rec.mid(T0, -0.1), "mid is not a number in [0, 1e+12]"),
        (rec.mid(T0, None), "mid is not a number in [0, 1e+12]"),
        (rec.mid(T0, "0.5"), "mid is not a number in [0, 1e+12]"),
        (rec.mid(T0, True), "mid is not a number in [0, 1e+12]"),
        (rec.row(T0, "mid", [1]), "data is list, not an object"),
        (rec.row(T0, "quote", None), "data is NoneType, not an object"),
        (rec.quote(T0, bid=2.0, ask=1.0), "crossed quote: bid 2 above ask 1"),
        (rec.quote(T0, bid=0), "bid is not above 0"),
        (rec.quote(T0, bid=-1.0), "bid is not a number in [0, 1e+12]"),
        (rec.quote(T0, ask=1e30), "ask is not a number in [0, 1e+12]"),
        (rec.quote(T0, ask=10**400), "ask is not a number in [0, 1e+12]"),
        (rec.quote(T0, venue=3), "venue is not a name"),
        (rec.quote(T0, asset="DOGE"), "asset DOGE is not traded here"),
        (rec.quote(T0, trades_3s=7), "data is int, not an object"),
        (
            rec.quote(T0, trades_3s={**SUMS, "buy_qty": -1}),
            "buy_qty is not a number in [0, 1e+12]",
        ),
        (rec.resolution(T0, "SIDEWAYS"), "its outcome is neither UP, DOWN nor null"),
        (rec.resolution(T0, ["UP"]), "its outcome is neither UP, DOWN nor null"),
    ],
)
def test_a_bad_row_says_why(line: dict[str, Any], why: str) -> None:
    assert reason(line) == why


def test_a_quote_carries_its_trade_sums_short_then_long() -> None:
    (message,) = read(rec.quote(T0, trades_10s=SUMS, trades_3s={**SUMS, "buy_qty": 0.0}))
    assert message == VenueQuote(
        T0,
        "binance.um",
        "BTC",
        90_000.0,
        90_001.0,
        (TradeSums(3.0, 0.0, 1.5, 16.0), TradeSums(10.0, 0.5, 1.5, 16.0)),
    )


def test_a_locked_quote_is_a_quote() -> None:
    (message,) = read(rec.quote(T0, bid=5, ask=5))
    assert isinstance(message, VenueQuote)
    assert message.sums == ()


@pytest.mark.parametrize("outcome", [Outcome.UP, Outcome.DOWN, None])
def test_a_resolution_may_be_unknown(outcome: Outcome | None) -> None:
    (message,) = read(rec.resolution(T0, outcome))
    assert message == Resolution(T0, "btc-updown-15m", outcome, "last quotes")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)


@given(st.sampled_from(LINES), st.lists(st.tuples(NAMES, JUNK), max_size=3), JUNK, st.booleans())
def test_no_row_whatever_raises(
    line: dict[str, Any], changes: list[tuple[str, Any]], junk: Any, whole: bool
) -> None:
    reader = RowReader()
    list(reader.messages(Row(T0, "market", rec.market(T0)["data"])))
    data = junk if whole else {**line["data"], **dict(changes)}
    for message in reader.messages(Row(T0, line["src"], data)):
        assert message.t_ms == T0
        assert not (isinstance(message, BadMessage) and OUR_FAULT in message.reason)


def test_a_fault_of_our_own_is_told_and_costs_every_book_and_not_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = RowReader()
    list(reader.messages(Row(T0, "market", rec.market(T0)["data"])))
    list(reader.messages(Row(T0, "polymarket.market", rec.book(T0)["data"])))
    monkeypatch.setattr(reader._channel, "_event", broken)
    said = list(reader.messages(Row(T0 + 1, "polymarket.market", {"event_type": "book"})))
    assert isinstance(said[0], BadMessage)
    assert OUR_FAULT in said[0].reason
    assert BookSnapshot(T0 + 1, rec.UP, (), (), fault=OUR_FAULT) in said
    assert rec.UP in reader.lacking([rec.UP])


def broken(*_: object) -> Iterator[Message]:
    raise ZeroDivisionError


def test_an_unknown_kind_is_ignored_counted_and_named_once() -> None:
    reader = RowReader()
    line = rec.row(T0, "weather\x1b", {"sun": True})
    assert read(line, reader) == [
        BadMessage(T0, "weather", "unknown kind of row; all of them are ignored")
    ]
    assert read(line, reader) == []
    assert reader.ignored == {"weather": 2}


def test_a_file_of_ever_new_kinds_is_counted_in_bounded_memory() -> None:
    reader = RowReader()
    for i in range(100):
        read(rec.row(T0, f"kind-{i}", None), reader)
    assert len(reader.ignored) == NAMES_LIMIT + 1
    assert sum(reader.ignored.values()) == 100


def test_the_programs_own_rows_are_told_to_the_engine() -> None:
    reference = rec.row(T0, "reference", {"venue": "okx-swap", "reason": "HTTP 451"})
    assert read(reference) == [ReferenceChosen(T0, "okx-swap", "HTTP 451")]
    assert read(rec.row(T0, "session", {"state": "begun"})) == []
    assert read(rec.row(T0, "session", {"state": "ended"})) == [SessionEnded(T0)]
    for name in ("binance.futures", "binance.spot", "okx.public", "polymarket.prices"):
        assert read(rec.row(T0, "stream", {"name": name, "state": "lost", "why": "x"})) == []


@pytest.mark.parametrize(
    ("src", "data", "why"),
    [
        ("reference", {"venue": "elsewhere"}, "its venue is no reference venue"),
        ("session", {"state": "paused"}, "its state is neither begun nor ended"),
        ("stream", {"name": "okx.public", "state": "slow"}, "its state is neither lost nor live"),
        ("gamma.event", "4 MB, too large", "4 MB, too large"),
        ("binance.futures", "not JSON", "not JSON"),
        ("okx.public", [1], "data is list, not an object"),
    ],
)
def test_what_cannot_be_used_says_why(src: str, data: Any, why: str) -> None:
    assert reason(rec.row(T0, src, data)) == why


def test_a_recordings_next_part_begins_with_what_was_known() -> None:
    """Fed to a fresh reader, what is carried gives the books, the reference and the bars."""
    minute = [T0 - 120_000, "1", "1", "1", "1", "1", T0 - 60_001, "1", 1, "1", "1", "0"]
    bars = {"venue": "binance-spot", "symbol": "BTCUSDT", "answer": [minute]}
    reader, heir = RowReader(), RowReader()
    for line in (
        rec.market(T0),
        rec.book(T0, timestamp=str(T0)),
        rec.row(T0, "reference", {"venue": "okx-swap", "reason": "451"}),
        rec.row(T0, "reference", {"venue": "binance-spot", "reason": "okx is silent"}),
        rec.row(T0, "binance.bars", bars),
    ):
        assert not isinstance(read(line, reader)[0], BadMessage)
    carried = reader.carried(T0)
    assert [src for src, _ in carried] == [
        "market",
        "polymarket.market",
        "reference",
        "binance.bars",
    ]
    told = [read(rec.row(T0, src, data), heir) for src, data in carried]
    assert ReferenceChosen(T0, "binance-spot", "okx is silent") in told[2]
    (book,) = told[1]
    assert isinstance(book, BookSnapshot)
    assert (book.bids[0][0], book.asks[0][0]) == (4_900, 5_100)
    assert heir.carried(T0) == carried
    assert heir.lacking([rec.UP, rec.DOWN]) == {rec.DOWN}


def test_a_void_book_is_not_carried() -> None:
    reader = RowReader()
    for line in (rec.market(T0), rec.book(T0)):
        read(line, reader)
    read(rec.row(T0, "polymarket.market", "cut off"), reader)
    assert [src for src, _ in reader.carried(T0)] == ["market"]


def test_the_book_of_a_window_that_is_over_is_not_carried() -> None:
    """Its market is not either: whoever began with that book would count it as a bad message."""
    reader = RowReader()
    for line in (rec.market(T0), rec.book(T0)):
        read(line, reader)
    assert [src for src, _ in reader.carried(T0)] == ["market", "polymarket.market"]
    assert reader.carried(T0 + 900_000) == []
