from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine import events as ev
from engine.ledger import Ledger
from engine.market import Market
from engine.order import Side
from engine.requests import Flatten, Halt, Stopping
from engine.safety.stop import Stop
from engine.units import MICRO
from tests.engine.build import MARKET, NOW, fill, market

ETH = market("ETH")
UNTIL_MS = NOW + 20_000
KEY = Halt("key", 0.0)


@dataclass
class Books:
    """A ledger with orders under way, and the stops that follow it."""

    ledger: Ledger = field(default_factory=Ledger)
    stops: list[Stop] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tell(ev.MarketSeen.of(MARKET), ev.MarketSeen.of(ETH))

    def tell(self, *events: ev.Event) -> None:
        for event in events:
            self.ledger.apply(NOW, event)
            for stop in self.stops:
                stop.happened("", event, 0)

    def send(self, *order_ids: str, of: Market = MARKET) -> None:
        for order_id in order_ids:
            self.tell(
                ev.OrderSent(
                    order_id=order_id,
                    slug=of.slug,
                    asset=of.asset,
                    outcome="UP",
                    token_id=of.up_token,
                    side="BUY",
                    amount=10 * MICRO,
                    limit_bp=5_000,
                    reserve=10 * MICRO,
                    purpose="open",
                    mid_bp=None,
                )
            )

    def stop(
        self, request: Stopping = KEY, latched_ms: float | None = 4.2, *, sells: bool = False
    ) -> Stop:
        made = Stop(request, self.ledger, NOW, latched_ms, sells=sells)
        made.kept = True
        self.stops.append(made)
        return made


@pytest.fixture
def books() -> Books:
    return Books()


def test_a_stop_with_nothing_under_way_and_nothing_held_is_done_at_once(books: Books) -> None:
    seen = books.stop().view(NOW)
    assert seen.done
    assert (seen.orders, seen.confirmed) == (0, 0)
    assert seen.sentence == ("latched 4 ms; no order was under way; held nothing; worst case $0.00")


def test_F12_a_cancel_counts_only_when_the_venue_has_said_so(books: Books) -> None:
    books.send("o1", "o2")
    stop = books.stop()
    assert (stop.view(NOW).confirmed, stop.view(NOW).done) == (0, False)
    books.tell(ev.OrderDone("o1", "cancelled"))
    assert (stop.view(NOW).confirmed, stop.view(NOW).done) == (1, False)
    books.tell(ev.OrderRejected("o2", "VENUE_REJECT", "refused"))
    assert (stop.view(NOW).confirmed, stop.view(NOW).done) == (2, True)


def test_every_end_of_an_order_is_in_the_evidence(books: Books) -> None:
    books.send("o1", "o2", "o3", "o4")
    stop = books.stop()
    books.tell(
        ev.OrderDone("o1", "cancelled"),
        ev.OrderDone("o2", "killed: nothing within the limit on arrival"),
        fill("o3.0", shares=6.25, price_bp=4_000, fee=0),
        ev.OrderDone("o3", "filled"),
        ev.OrderAmbiguous("o4", UNTIL_MS, "no answer"),
    )
    seen = stop.view(NOW)
    assert seen.sentence == (
        "latched 4 ms; cancels 3/4 confirmed; 1 filled before the cancel;"
        " 1 ambiguous until 08:01:20; held BTC UP 6.25; worst case -$12.50"
    )
    assert seen.filled == 1
    assert seen.held == ("BTC UP 6.25",)
    (unknown,) = seen.ambiguous
    assert (unknown.order_id, unknown.until_ms, unknown.cost) == ("o4", UNTIL_MS, 10.0)


def test_an_ambiguous_order_has_a_last_moment_so_the_stop_is_done_but_not_over(
    books: Books,
) -> None:
    books.send("o1")
    stop = books.stop()
    books.tell(ev.OrderAmbiguous("o1", UNTIL_MS, "no answer"))
    assert (stop.done(NOW), stop.over(NOW)) == (True, False)
    books.tell(ev.OrderDone("o1", "absent"))
    assert stop.over(NOW)


def test_an_ambiguous_order_that_turns_out_to_be_filled_is_told(books: Books) -> None:
    books.send("o1")
    stop = books.stop()
    books.tell(ev.OrderAmbiguous("o1", UNTIL_MS, "no answer"))
    stop.report(NOW)
    books.tell(fill("o1.0", shares=6.25, price_bp=4_000, fee=0), ev.OrderDone("o1", "filled"))
    report = stop.report(UNTIL_MS)
    assert report is not None
    assert "1 filled before the cancel" in report.sentence
    assert "held BTC UP 6.25" in report.sentence


def test_orders_of_later_are_no_part_of_a_stop(books: Books) -> None:
    """A flatten sends exits of its own."""
    stop = books.stop()
    books.send("o9")
    books.tell(fill("o9.0", shares=1, price_bp=4_000, fee=0))
    assert stop.view(NOW).orders == 0
    assert stop.view(NOW).filled == 0
    assert stop.done(NOW)


# ---- flatten -------------------------------------------------------------------------------


def holding(books: Books, of: Market = MARKET, shares: float = 100.0) -> None:
    name = f"{of.asset}1"
    books.send(name, of=of)
    books.tell(
        fill(f"{name}.0", shares=shares, price_bp=1_000, of=of), ev.OrderDone(name, "filled")
    )


def test_a_halt_holds_and_a_flatten_is_done_when_all_is_sold(books: Books) -> None:
    holding(books)
    assert books.stop().done(NOW)
    flatten = books.stop(Flatten("key"), sells=True)
    assert not flatten.done(NOW)
    assert "held BTC UP 100.00; selling in 1 window; worst case" in flatten.view(NOW).sentence
    books.send("o2")
    books.tell(
        ev.FillSettled("BTC1.0"),
        fill("o2.0", shares=100, price_bp=900, side=Side.SELL),
        ev.OrderDone("o2", "filled"),
        ev.FillSettled("o2.0"),
    )
    assert flatten.done(NOW)


def test_a_flatten_is_not_done_before_its_sales_have_settled(books: Books) -> None:
    """One that fails to brings the shares back."""
    holding(books)
    flatten = books.stop(Flatten("key"), sells=True)
    books.send("o2")
    books.tell(
        ev.FillSettled("BTC1.0"),
        fill("o2.0", shares=100, price_bp=900, side=Side.SELL),
        ev.OrderDone("o2", "filled"),
    )
    assert "held nothing; 1 sale not settled; worst case -$" in flatten.view(NOW).sentence
    assert not flatten.done(NOW)
    assert flatten.done(MARKET.end_ms)
    books.tell(ev.FillVoided("o2.0"))
    assert "held BTC UP 100.00; selling in 1 window" in flatten.view(NOW).sentence
    assert not flatten.done(NOW)


def test_what_nobody_can_sell_does_not_hold_up_a_flatten(books: Books) -> None:
    holding(books, shares=4.99)
    flatten = books.stop(Flatten("key"), sells=True)
    assert flatten.done(NOW)
    assert flatten.view(NOW).held == ("BTC UP 4.99",)


def test_F08_a_window_that_has_ended_is_held_to_its_resolution_and_named(books: Books) -> None:
    holding(books)
    holding(books, ETH)
    flatten = books.stop(Flatten("key"), sells=True)
    assert not flatten.done(MARKET.end_ms - 1)
    assert flatten.done(MARKET.end_ms)
    assert flatten.view(MARKET.end_ms).held == ("BTC UP 100.00", "ETH UP 100.00")


# ---- what is written, and when -------------------------------------------------------------


def test_the_first_word_and_the_last_are_written_at_once_and_others_once_a_second(
    books: Books,
) -> None:
    books.send("o1", "o2", "o3")
    stop = books.stop()
    seen = [stop.report(NOW), stop.report(NOW)]
    books.tell(ev.OrderDone("o1", "cancelled"))
    seen += [stop.report(NOW + 100), stop.report(NOW + 1_000)]
    books.tell(ev.OrderDone("o2", "cancelled"))
    seen += [stop.report(NOW + 1_100)]
    books.tell(ev.OrderDone("o3", "cancelled"))
    seen += [stop.report(NOW + 1_200), stop.report(NOW + 9_000)]
    told = [None if report is None else report.sentence[14:38] for report in seen]
    assert told == [
        "cancels 0/3 confirmed; h",
        None,
        None,
        "cancels 1/3 confirmed; h",
        None,
        "cancels 3/3 confirmed; h",
        None,
    ]
    assert [report.done for report in seen if report is not None] == [False, False, True]


@pytest.mark.parametrize(
    ("latched_ms", "kept", "said"),
    [
        (0.2, True, "latched under 1 ms"),
        (0.0, None, "latched under 1 ms"),
        (12.7, True, "latched 13 ms"),
        (3.0, False, "latched 3 ms, in memory only"),
        (None, True, "latched before this run"),
    ],
)
def test_how_the_gate_was_shut_is_said(
    latched_ms: float | None, kept: bool | None, said: str, books: Books
) -> None:
    stop = books.stop(latched_ms=latched_ms)
    stop.kept = kept
    assert stop.view(NOW).sentence.split("; ")[0] == said


def test_the_view_says_who_asked_for_what(books: Books) -> None:
    seen = books.stop(Flatten("control socket"), sells=True).view(NOW)
    assert (seen.grade, seen.origin, seen.asked_ms) == ("flatten", "control socket", NOW)
