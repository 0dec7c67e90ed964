"""Raw books become exact integers, best first; what cannot be understood voids the book."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.book import book_from
from engine.feeds.rows import RowReader
from engine.feeds.venues.polymarket_channel import FORGET_MS
from engine.feeds.venues.polymarket_levels import (
    CACHE_LIMIT,
    DEPTH,
    PriceCodes,
    SizeCodes,
    best_asks,
    best_bids,
)
from engine.market import Outcome
from engine.messages import BadMessage, BookSnapshot, Message, Resolution
from engine.recording import Row
from engine.units import BP, MICRO
from tests.engine import recordings as rec

T0 = rec.T0


class Channel:
    """A reader that has seen the market row."""

    def __init__(self, **market: Any) -> None:
        self._reader = RowReader()
        self.say(rec.market(T0, **market))

    def say(self, line: dict[str, Any]) -> list[Message]:
        return list(self._reader.messages(Row(line["t"], line["src"], line["data"])))

    def book(self, line: dict[str, Any]) -> BookSnapshot:
        (message,) = self.say(line)
        assert isinstance(message, BookSnapshot)
        return message

    def refusal(self, line: dict[str, Any]) -> str:
        """The reason, after checking that the token's book is void from now on."""
        bad, void = self.say(line)
        assert isinstance(bad, BadMessage)
        assert void == BookSnapshot(line["t"], rec.UP, (), (), fault=bad.reason)
        return bad.reason

    def dropped(self, line: dict[str, Any]) -> str:
        """The reason for which a message about a void book was not used."""
        (bad,) = self.say(line)
        assert isinstance(bad, BadMessage)
        return bad.reason


def test_levels_are_exact_integers_best_first() -> None:
    book = Channel().book(rec.book(T0, (("0.48", "10"), ("0.49", "0.000001")), (("0.51", "7.25"),)))
    assert book.bids == ((4900, 1), (4800, 10 * MICRO))
    assert book.asks == ((5100, 7_250_000),)
    assert (book.t_ms, book.token_id) == (T0, rec.UP)


Raw = list[tuple[int, int]]
SIDE = st.lists(
    st.tuples(st.integers(1, BP - 1), st.integers(0, 10**12)), unique_by=lambda level: level[0]
)


@given(SIDE, st.randoms(use_true_random=False))
def test_any_order_of_a_side_gives_the_same_best_levels(side: Raw, random: Any) -> None:
    filled = sorted(level for level in side if level[1])
    random.shuffle(side)
    raw = rec.levels(*((f"{p / BP:.4f}", f"{s / MICRO:.6f}") for p, s in side))
    codes = PriceCodes(), SizeCodes()
    assert best_bids(raw, *codes) == tuple(filled[::-1][:DEPTH])
    assert best_asks(raw, *codes) == tuple(filled[:DEPTH])


def test_an_endless_variety_of_sizes_is_not_remembered_for_ever() -> None:
    sizes = SizeCodes()
    for number in range(CACHE_LIMIT + 10):
        assert sizes[f"{number}.5"] == number * MICRO + MICRO // 2
    assert len(sizes) <= CACHE_LIMIT


def test_one_price_written_in_endless_ways_is_not_remembered_in_all_of_them() -> None:
    prices = PriceCodes()
    for number in range(CACHE_LIMIT + 10):
        code, spaces = number % BP, number // BP
        assert prices[" " * spaces + f"{code / BP:.4f}"] == code
    assert len(prices) <= CACHE_LIMIT


@pytest.mark.parametrize("order", [1, -1])
def test_sorted_sides_are_taken_whichever_way_they_run(order: int) -> None:
    side = [(f"0.{p}", "1") for p in range(10, 99)][::order]
    book = Channel().book(rec.book(T0, side, side))
    assert [price for price, _ in book.bids] == list(range(9800, 7800, -100))
    assert [price for price, _ in book.asks] == list(range(1000, 3000, 100))


@pytest.mark.parametrize(
    ("price", "why"),
    [
        ("NaN", "price 'NaN' is not finite"),
        ("-0.4", "price -0.4 is not in [0, 1]"),
        ("1.01", "price 1.01 is not in [0, 1]"),
        ("0.4_0", "price '0.4_0' is not a number"),
        ("\u0660.\u0664", "price '\\u0660.\\u0664' is not a number"),
        ("0.12345", "price 0.12345 is finer than 0.0001"),
        ("", "price '' is not a number"),
        ("1e-9", "price 1e-9 is finer than 0.0001"),
        ("9" * 50, "price is 50 characters long"),
        (0.4, "price is float, not a string of digits"),
        (None, "price is NoneType, not a string of digits"),
        (["0.4"], "a field is missing or of the wrong type"),
    ],
)
def test_a_bad_price_voids_the_book(price: Any, why: str) -> None:
    channel = Channel()
    assert channel.refusal(rec.book(T0, (("0.3", "1"), (price, "1")))) == why


@pytest.mark.parametrize(
    ("size", "why"),
    [
        ("NaN", "size 'NaN' is not finite"),
        ("Infinity", "size 'Infinity' is not finite"),
        ("-1", "size -1 is not in [0, 1000000000]"),
        ("1e18", "size 1e18 is not in [0, 1000000000]"),
        ("ten", "size 'ten' is not a number"),
        ("1_0", "size '1_0' is not a number"),
        (10, "size is int, not a string of digits"),
        ({}, "a field is missing or of the wrong type"),
    ],
)
def test_a_bad_size_voids_the_book(size: Any, why: str) -> None:
    assert Channel().refusal(rec.book(T0, (("0.4", size),))) == why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"bids": None}, "a side is NoneType, not a list of levels"),
        ({"asks": {"0.4": "1"}}, "a side is dict, not a list of levels"),
        ({"bids": [7]}, "a field is missing or of the wrong type"),
        ({"bids": [{"price": "0.4"}]}, "a field is missing or of the wrong type"),
        ({"bids": rec.levels(("0.4", "1"), ("0.40", "2"))}, "a price comes twice in one side"),
        ({"event_type": "party"}, "its event_type is not known"),
        ({"tick_size": "0.03"}, "tick 0.03 is none of the venue's"),
    ],
)
def test_a_malformed_book_is_refused(change: dict[str, Any], why: str) -> None:
    line = rec.book(T0)
    line["data"].update(change)
    assert Channel().refusal(line) == why


def test_a_missing_side_is_refused() -> None:
    line = rec.book(T0)
    del line["data"]["asks"]
    assert Channel().refusal(line) == "a field is missing or of the wrong type"


def test_a_book_of_no_listed_market_is_refused() -> None:
    (message,) = Channel().say(rec.book(T0, token="elsewhere"))  # noqa: S106 - an outcome token, no secret
    assert isinstance(message, BadMessage)
    assert message.reason == "its token belongs to no listed market"


def test_a_level_of_size_zero_is_no_level() -> None:
    book = Channel().book(rec.book(T0, (("0.48", "1"), ("0.49", "0")), (("0.51", "0.00"),)))
    assert book.bids == ((4800, MICRO),)
    assert book.asks == ()


@pytest.mark.parametrize(
    ("bids", "asks", "why"),
    [
        ((), (("0.51", "1"),), "one-sided book: no bids"),
        ((("0.49", "1"),), (), "one-sided book: no asks"),
        ((), (), "empty book"),
        ((("0.52", "1"),), (("0.51", "1"),), "crossed book: bid 0.52 at or above ask 0.51"),
    ],
)
def test_one_sided_and_crossed_books_are_passed_on_and_judged_invalid(
    bids: Any, asks: Any, why: str
) -> None:
    book = Channel().book(rec.book(T0, bids, asks))
    assert book_from(book, 100).invalid == why


def test_a_new_kind_of_event_that_says_nothing_of_levels_costs_no_book() -> None:
    channel = Channel()
    channel.say(rec.book(T0))
    new = {"event_type": "volume", "asset_id": rec.UP, "volume": "7"}
    (bad,) = channel.say(rec.row(T0, "polymarket.market", new))
    assert isinstance(bad, BadMessage)
    assert channel.book(rec.deltas(T0, (rec.UP, "BUY", "0.5", "1")))


@pytest.mark.parametrize("field", ["changes", "price", "bids"])
def test_a_new_kind_of_event_that_speaks_of_levels_voids_its_book(field: str) -> None:
    channel = Channel()
    channel.say(rec.book(T0))
    new = {"event_type": "delta", "asset_id": rec.UP, field: "0.5"}
    assert channel.refusal(rec.row(T0, "polymarket.market", new)) == "its event_type is not known"


def test_an_array_of_events_is_a_frame() -> None:
    events = [rec.book(T0)["data"], {"event_type": "party"}, rec.book(T0, token=rec.DOWN)["data"]]
    messages = Channel().say(rec.row(T0, "polymarket.market", events))
    assert [type(m) for m in messages] == [BookSnapshot, BadMessage, BookSnapshot]


@pytest.mark.parametrize("kind", ["last_trade_price", "best_bid_ask", "new_market"])
def test_events_that_repeat_what_books_say_are_ignored(kind: str) -> None:
    assert Channel().say(rec.row(T0, "polymarket.market", {"event_type": kind})) == []


def test_a_tick_stated_by_the_message_is_carried() -> None:
    assert Channel().book(rec.book(T0, tick_size="0.001")).tick_bp == 10
    assert Channel().book(rec.book(T0)).tick_bp == 100


@pytest.mark.parametrize(("tick", "bp"), [(0.001, 10), (1e-4, 1), (None, 100), ("", 100)])
def test_a_tick_comes_as_a_number_too_or_not_at_all(tick: Any, bp: int) -> None:
    line = rec.book(T0)
    line["data"]["tick_size"] = tick
    assert Channel().book(line).tick_bp == bp


def test_prices_between_the_ticks_prove_a_finer_tick_and_it_stays() -> None:
    channel = Channel()
    fine = channel.book(rec.book(T0, (("0.964", "1"),), (("0.97", "1"),)))
    assert fine.tick_bp == 10
    assert book_from(fine, 100).invalid is None
    assert channel.book(rec.book(T0)).tick_bp == 10


def test_prices_on_a_coarser_grid_never_coarsen_the_tick() -> None:
    channel = Channel(tick_size="0.001")
    assert channel.book(rec.book(T0, (("0.4", "1"),), (("0.5", "1"),))).tick_bp == 10


def test_a_tick_change_holds_for_the_next_books() -> None:
    channel = Channel()
    event = {"event_type": "tick_size_change", "asset_id": rec.UP, "new_tick_size": "0.001"}
    assert channel.say(rec.row(T0, "polymarket.market", event)) == []
    assert channel.book(rec.book(T0)).tick_bp == 10


def test_deltas_set_absolute_sizes_over_the_snapshot() -> None:
    channel = Channel()
    channel.say(rec.book(T0, (("0.48", "10"), ("0.49", "20")), (("0.51", "30"),)))
    book = channel.book(
        rec.deltas(
            T0 + 1,
            (rec.UP, "BUY", "0.49", "5"),
            (rec.UP, "BUY", "0.48", "0"),
            (rec.UP, "BUY", "0.47", "0"),
            (rec.UP, "SELL", "0.5", "2"),
        )
    )
    assert book.bids == ((4900, 5 * MICRO),)
    assert book.asks == ((5000, 2 * MICRO), (5100, 30 * MICRO))


def test_one_message_may_change_both_tokens() -> None:
    channel = Channel()
    channel.say(rec.book(T0))
    channel.say(rec.book(T0, token=rec.DOWN))
    messages = channel.say(
        rec.deltas(T0, (rec.UP, "BUY", "0.5", "1"), (rec.DOWN, "SELL", "0.5", "1"))
    )
    assert [m.token_id for m in messages if isinstance(m, BookSnapshot)] == [rec.UP, rec.DOWN]


@example(bids=[(1, 0)], steps=[(False, 1, 0)])
@given(
    SIDE.filter(bool),
    st.lists(st.tuples(st.booleans(), st.integers(1, BP - 1), st.integers(0, 10**9)), max_size=30),
)
def test_deltas_and_a_fresh_snapshot_of_the_result_agree(
    bids: Raw, steps: list[tuple[bool, int, int]]
) -> None:
    """The book by deltas equals the book that a snapshot of the same levels gives."""
    channel, whole = Channel(), {True: dict(bids), False: {}}
    channel.say(rec.book(T0, _strings(bids), ()))
    for is_bid, price, size in steps:
        whole[is_bid][price] = size
        side = "BUY" if is_bid else "SELL"
        ((text, amount),) = _strings([(price, size)])
        book = channel.book(rec.deltas(T0, (rec.UP, side, text, amount)))
    if steps:
        expected = Channel().book(
            rec.book(T0, _strings(whole[True].items()), _strings(whole[False].items()))
        )
        assert (book.bids, book.asks) == (expected.bids, expected.asks)


def _strings(side: Iterable[tuple[int, int]]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{price / BP:.4f}", f"{size / MICRO:.6f}") for price, size in side)


def test_a_delta_without_a_snapshot_is_refused() -> None:
    change = rec.deltas(T0, (rec.UP, "BUY", "0.5", "1"))
    assert Channel().refusal(change) == "a delta with no whole book before it"


@pytest.mark.parametrize(
    "change",
    [
        (rec.UP, "BUY", "0.5", "-1"),
        (rec.UP, "BUY", "NaN", "1"),
        (rec.UP, "HOLD", "0.5", "1"),
        (rec.UP, "BUY", ["0.5"], "1"),
    ],
)
def test_after_a_bad_delta_only_a_snapshot_makes_a_book(change: Any) -> None:
    channel, good = Channel(), rec.deltas(T0, (rec.UP, "BUY", "0.5", "1"))
    channel.say(rec.book(T0))
    assert channel.refusal(rec.deltas(T0, change))
    assert channel.dropped(good) == "a delta with no whole book before it"
    channel.say(rec.book(T0))
    assert channel.book(good).bids[0] == (5000, MICRO)


def test_after_a_bad_snapshot_deltas_are_refused() -> None:
    channel = Channel()
    channel.say(rec.book(T0))
    channel.refusal(rec.book(T0, (("0.4", "NaN"),)))
    assert channel.dropped(rec.deltas(T0, (rec.UP, "BUY", "0.5", "1")))


def test_deltas_are_not_laid_over_a_book_cut_to_its_best_levels() -> None:
    channel = Channel()
    channel.say(rec.book(T0, levels=2))
    assert channel.refusal(rec.deltas(T0, (rec.UP, "BUY", "0.5", "1")))


def test_a_listing_seen_again_keeps_the_book() -> None:
    channel = Channel()
    channel.say(rec.book(T0))
    channel.say(rec.market(T0 + 1))
    assert channel.book(rec.deltas(T0, (rec.UP, "BUY", "0.5", "1")))


def test_books_after_the_end_are_passed_on_until_the_window_is_long_gone() -> None:
    channel, later = Channel(), {"slug": "next", "up_token": "u", "down_token": "d"}
    end = T0 + 900_000
    channel.say(rec.market(end + FORGET_MS, **later))
    assert channel.book(rec.book(end + FORGET_MS))
    after = {"slug": "after", "up_token": "u2", "down_token": "d2"}
    channel.say(rec.market(end + FORGET_MS + 1, **after))
    assert isinstance(channel.say(rec.book(end + FORGET_MS + 1))[0], BadMessage)


@pytest.mark.parametrize(("token", "outcome"), [(rec.UP, Outcome.UP), (rec.DOWN, Outcome.DOWN)])
def test_the_venues_own_verdict_is_a_resolution(token: str, outcome: Outcome) -> None:
    event = {"event_type": "market_resolved", "winning_asset_id": token}
    assert Channel().say(rec.row(T0, "polymarket.market", event)) == [
        Resolution(T0, "btc-updown-15m", outcome, "market_resolved")
    ]


def test_a_verdict_that_names_two_winners_is_none() -> None:
    event = {
        "event_type": "market_resolved",
        "winning_asset_id": rec.UP,
        "winning_outcome": "Down",
    }
    (bad,) = Channel().say(rec.row(T0, "polymarket.market", event))
    assert isinstance(bad, BadMessage)


def test_a_message_of_endless_events_is_not_read_and_voids_every_book() -> None:
    channel = Channel()
    channel.book(rec.book(T0))
    told = channel.say(rec.row(T0, "polymarket.market", [{}] * 100_000))
    assert [type(message) for message in told] == [BadMessage, BookSnapshot, BookSnapshot]
