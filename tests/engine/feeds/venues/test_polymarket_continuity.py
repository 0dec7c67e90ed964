"""A book that is offered is the venue's book at that moment; otherwise it is void, with a reason.

The oracle is a venue that keeps its true book and says it as the real one does: stamped, with the
best prices beside each delta. Between it and the reader, messages are lost, doubled and reordered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.rows import RowReader
from engine.messages import BadMessage, BookSnapshot, Level, Message
from engine.recording import Row
from engine.units import BP, MICRO
from tests.engine import recordings as rec

T0 = rec.T0
MARKET = "polymarket.market"


@dataclass
class Venue:
    """One token's true book, told in the venue's words."""

    bids: dict[int, int] = field(default_factory=lambda: {4_800: 10, 4_900: 20})
    asks: dict[int, int] = field(default_factory=lambda: {5_100: 30, 5_200: 40})
    stamp: int = T0

    def change(self, is_bid: bool, price: int, size: int) -> dict[str, Any]:
        self.stamp += 1
        side, other = (self.bids, self.asks) if is_bid else (self.asks, self.bids)
        side[price] = size
        if not size:
            del side[price]
        for crossed in [p for p in other if (p <= price if is_bid else p >= price) and size]:
            del other[crossed]  # such orders would have met; the test keeps to one delta each
        return self.event("price_change", price_changes=[self.delta(is_bid, price, size)])

    def delta(self, is_bid: bool, price: int, size: int) -> dict[str, Any]:
        bid, ask = self.best()
        return {
            "asset_id": rec.UP,
            "side": "BUY" if is_bid else "SELL",
            "price": f"{price / BP:.4f}",
            "size": str(size),
            "best_bid": bid,
            "best_ask": ask,
        }

    def best(self) -> tuple[str, str]:
        bid = f"{max(self.bids) / BP:.4f}" if self.bids else "0"
        return bid, f"{min(self.asks) / BP:.4f}" if self.asks else "1"

    def snapshot(self) -> dict[str, Any]:
        return self.event(
            "book",
            bids=[{"price": f"{p / BP:.4f}", "size": str(s)} for p, s in sorted(self.bids.items())],
            asks=[{"price": f"{p / BP:.4f}", "size": str(s)} for p, s in sorted(self.asks.items())],
        )

    def announcement(self) -> dict[str, Any]:
        bid, ask = self.best()
        return self.event("best_bid_ask", best_bid=bid, best_ask=ask)

    def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"event_type": kind, "asset_id": rec.UP, "timestamp": str(self.stamp), **fields}

    def truth(self) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        return (
            tuple((p, self.bids[p] * MICRO) for p in sorted(self.bids, reverse=True)),
            tuple((p, self.asks[p] * MICRO) for p in sorted(self.asks)),
        )


class Screen:
    """The newest book that a reader offers of the token."""

    def __init__(self) -> None:
        self.reader = RowReader()
        self.book: BookSnapshot | None = None
        self.voids = 0
        self.see("market", rec.market(T0)["data"])

    def see(self, src: str, data: Any, t_ms: int = T0) -> list[Message]:
        messages = list(self.reader.messages(Row(t_ms, src, data)))
        for message in messages:
            if isinstance(message, BookSnapshot):
                self.book = message
                self.voids += message.fault is not None
        return messages

    @property
    def fault(self) -> str | None:
        assert self.book is not None
        return self.book.fault

    @property
    def levels(self) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        assert self.book is not None
        return self.book.bids, self.book.asks


STEP = st.tuples(
    st.booleans(), st.integers(1, 40).map(lambda n: n * 100), st.integers(0, 3), st.booleans()
)


def _steps(venue: Venue, steps: list[tuple[bool, int, int, bool]]) -> list[dict[str, Any]]:
    """Deltas of bids below 0.41 and asks above 0.59, in which nothing crosses."""
    told = []
    for is_bid, price, size, announced in steps:
        at = price if is_bid else BP - price
        side = venue.bids if is_bid else venue.asks
        if size or at in side:
            told.append(venue.change(is_bid, at, size))
        if announced:
            told.append(venue.announcement())
    return told


@given(st.lists(STEP, max_size=20))
def test_a_stream_without_a_fault_is_never_void_and_always_true(steps: Any) -> None:
    venue, screen = Venue(), Screen()
    screen.see(MARKET, venue.snapshot())
    for step in steps:
        for event in _steps(venue, [step]):
            screen.see(MARKET, event)
        assert screen.levels == venue.truth()
    assert not screen.voids


@given(st.lists(STEP, min_size=1, max_size=20), st.data())
def test_no_book_is_offered_whose_best_prices_are_not_the_venues(steps: Any, data: Any) -> None:
    """Deltas are lost and doubled at will: what is offered after a delta has its best prices."""
    venue, screen = Venue(), Screen()
    screen.see(MARKET, venue.snapshot())
    for step in steps:
        for event in _steps(venue, [step]):
            for _ in range(data.draw(st.sampled_from([0, 1, 1, 1, 2]))):
                screen.see(MARKET, event)
                if event["event_type"] == "price_change" and screen.fault is None:
                    bids, asks = screen.levels
                    truth = venue.truth()
                    assert [side[0][0] for side in (bids, asks)] == [t[0][0] for t in truth]


@given(st.lists(STEP, min_size=2, max_size=20), st.data())
def test_no_reordering_leaves_a_false_book_on_offer(steps: Any, data: Any) -> None:
    """Everything comes, doubled and in any order: in the end the book is the venue's, or void."""
    venue, screen = Venue(), Screen()
    first = venue.snapshot()
    events = [event for step in steps for event in _steps(venue, [step])]
    screen.see(MARKET, first)
    doubled = events + (data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else [])
    for event in data.draw(st.permutations(doubled)):
        screen.see(MARKET, event)
    assert screen.fault is not None or screen.levels == venue.truth()


@given(st.lists(STEP, max_size=12), st.lists(STEP, max_size=12), st.lists(STEP, max_size=12))
def test_a_connection_that_takes_over_may_tell_again_what_was_told(
    before: Any, both: Any, after: Any
) -> None:
    venue, screen = Venue(), Screen()
    old = [venue.snapshot(), *_steps(venue, before)]
    new = [venue.snapshot()]
    shared = _steps(venue, both)
    for event in (*old, *shared, *new, *shared, *_steps(venue, after)):
        screen.see(MARKET, event)
    assert screen.fault is None
    assert screen.levels == venue.truth()


def test_a_book_that_comes_out_differently_when_told_again_is_void() -> None:
    venue, screen = Venue(), Screen()
    early = venue.snapshot()
    repeated, lost = venue.change(True, 4_700, 5), venue.change(True, 4_600, 5)
    for event in (early, repeated, venue.change(True, 4_500, 1), early, repeated):
        screen.see(MARKET, event)
    assert screen.fault is None
    assert lost
    screen.see(MARKET, venue.change(True, 4_400, 1))
    assert screen.fault == "the book comes out differently when it is told again"


def test_a_delta_that_was_dropped_is_found_out_by_the_best_prices() -> None:
    venue, screen = Venue(), Screen()
    screen.see(MARKET, venue.snapshot())
    venue.change(True, 5_000, 7)
    screen.see(MARKET, venue.change(True, 4_700, 5))
    assert screen.fault == "the book does not agree with the venue's best prices"


def test_best_prices_that_were_announced_and_did_not_come_void_the_book() -> None:
    venue, screen = Venue(), Screen()
    screen.see(MARKET, venue.snapshot())
    venue.change(True, 5_000, 7)
    screen.see(MARKET, venue.announcement())
    assert screen.fault is None  # its delta may follow
    unstated = venue.change(True, 4_700, 5)
    for change in unstated["price_changes"]:
        del change["best_bid"], change["best_ask"]
    screen.see(MARKET, unstated)
    assert screen.fault == "the best prices that the venue announced did not come"


@pytest.mark.parametrize(("bid", "ask"), [("", ""), ("0", "1"), ("0", "0"), ("0.00", "1.0")])
def test_an_empty_side_is_written_in_several_ways(bid: str, ask: str) -> None:
    venue, screen = Venue(bids={4_900: 1}, asks={}), Screen()
    screen.see(MARKET, venue.snapshot())
    event = venue.change(True, 4_900, 0)
    event["price_changes"][0].update(best_bid=bid, best_ask=ask)
    screen.see(MARKET, event)
    assert (screen.fault, screen.levels) == (None, ((), ()))


def test_a_delta_older_than_the_book_voids_it_and_an_older_snapshot_does_not() -> None:
    venue, screen = Venue(), Screen()
    old = venue.snapshot()
    late = venue.change(True, 4_700, 5)
    screen.see(MARKET, venue.snapshot())
    venue.change(True, 4_600, 5)
    screen.see(MARKET, venue.snapshot())
    assert screen.see(MARKET, old) == []
    assert screen.levels == venue.truth()
    fresh = Screen()
    fresh.see(MARKET, venue.snapshot())
    fresh.see(MARKET, late)
    assert fresh.fault == "a delta came after a newer one"


def test_only_a_snapshot_as_new_as_what_was_heard_ends_a_void() -> None:
    venue, screen = Venue(), Screen()
    stale = venue.snapshot()
    screen.see(MARKET, stale)
    screen.see(MARKET, "cut JSON")
    screen.see(MARKET, venue.change(True, 4_700, 5))
    screen.see(MARKET, stale)
    assert screen.fault is not None
    screen.see(MARKET, venue.snapshot())
    assert screen.levels == venue.truth()


def test_a_new_connections_snapshot_may_be_stamped_before_the_last_delta() -> None:
    venue, screen = Venue(), Screen()
    screen.see(MARKET, venue.snapshot())
    screen.see(MARKET, venue.change(True, 4_700, 5))
    screen.see("stream", {"name": MARKET, "state": "lost", "why": "silent"})
    venue.stamp -= 1
    screen.see(MARKET, venue.snapshot())
    assert screen.levels == venue.truth()


@pytest.mark.parametrize("stamp", ["soon", "1", str(T0 + 10**9), 1.5, True, ["1"]])
def test_a_stamp_that_is_no_time_voids_the_book(stamp: Any) -> None:
    venue, screen = Venue(), Screen()
    screen.see(MARKET, venue.snapshot())
    screen.see(MARKET, {**venue.snapshot(), "timestamp": stamp})
    assert "timestamp" in str(screen.fault)


@pytest.mark.parametrize(
    ("src", "data", "why"),
    [
        (MARKET, "not JSON", "a message was lost"),
        (MARKET, ["junk"], "data is str, not an object"),
        (MARKET, {"event_type": "price_change"}, "a field is missing or of the wrong type"),
        ("stream", {"name": MARKET, "state": "lost", "why": "silent"}, "connection lost: silent"),
    ],
)
def test_what_breaks_continuity_for_all_voids_all_once(src: str, data: Any, why: str) -> None:
    screen = Screen()
    for token in (rec.UP, rec.DOWN):
        screen.see(MARKET, rec.book(T0, token=token)["data"])
    told = [m for m in screen.see(src, data) if isinstance(m, BookSnapshot)]
    assert [(m.token_id, m.fault) for m in told] == [(rec.UP, why), (rec.DOWN, why)]
    assert not [m for m in screen.see(src, data) if isinstance(m, BookSnapshot)]
    assert screen.reader.lacking([rec.UP, rec.DOWN]) == {rec.UP, rec.DOWN}


def test_one_tokens_fault_leaves_the_other_token_alone() -> None:
    screen = Screen()
    screen.see(MARKET, rec.book(T0, token=rec.DOWN)["data"])
    change = rec.deltas(T0, (rec.UP, "BUY", "0.5", "1"), (rec.DOWN, "BUY", "0.5", "1"))
    told = [type(m) for m in screen.see(MARKET, change["data"])]
    assert told == [BadMessage, BookSnapshot, BookSnapshot]
    assert screen.reader.lacking([rec.UP, rec.DOWN, "elsewhere"]) == {rec.UP, "elsewhere"}


@given(st.lists(STEP, max_size=12), st.lists(STEP, max_size=12))
def test_a_reader_of_what_was_carried_goes_on_like_the_one_that_told_it(
    before: Any, after: Any
) -> None:
    venue, screen, heir = Venue(), Screen(), Screen()
    for event in (venue.snapshot(), *_steps(venue, before)):
        screen.see(MARKET, event)
    for src, data in screen.reader.carried(T0):
        heir.see(src, data)
    assert heir.levels == venue.truth()
    for event in _steps(venue, after):
        assert heir.see(MARKET, event) == screen.see(MARKET, event)
