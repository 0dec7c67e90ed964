"""Books that were believed, clocks that vouched for nothing, and loops that waited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.book import book_from
from engine.decision import Action
from engine.feeds.rows import RowReader
from engine.market import Outcome
from engine.messages import BadMessage, BookSnapshot, Message, PriceToBeat, Resolution, VenueQuote
from engine.picture import picture
from engine.recording import Row
from engine.safety.breakers import Breaker
from engine.trading_state import TradingState
from engine.units import MICRO
from tests.accidents.stage import END, ends_at, held, priced, scene, steady, told
from tests.engine import recordings as rec
from tests.engine.build import MARKET, START_MS, market
from tests.engine.fakes import ORDINARY, always

UP = always(Action.BUY)


def test_F49_a_change_of_the_book_moves_the_mid_and_not_only_its_age() -> None:
    reader = RowReader()
    for line in (rec.market(rec.T0), rec.book(rec.T0, (("0.49", "10"),), (("0.51", "10"),))):
        list(reader.messages(Row(line["t"], line["src"], line["data"])))
    line = rec.deltas(
        rec.T0 + 1,
        (rec.UP, "SELL", "0.51", "0"),
        (rec.UP, "BUY", "0.70", "10"),
        (rec.UP, "SELL", "0.72", "10"),
    )
    (said,) = reader.messages(Row(line["t"], line["src"], line["data"]))
    assert isinstance(said, BookSnapshot)
    assert book_from(said, 100).mid_bp == 7_100


def without_bids(whole: BookSnapshot) -> BookSnapshot:
    return replace(whole, bids=())


def without_asks(whole: BookSnapshot) -> BookSnapshot:
    return replace(whole, asks=())


@pytest.mark.parametrize("half", [without_bids, without_asks])
def test_F50_one_side_of_a_book_opens_nothing_and_is_no_probability(
    half: Callable[[BookSnapshot], BookSnapshot],
) -> None:
    halves = [half(m) if isinstance(m, BookSnapshot) else m for m in told(steady)]
    engine, venue = scene(halves, UP)
    engine.advance(START_MS + 120_000)
    assert venue.calls == []
    assert engine.desks["BTC"].prob() is None
    assert engine.journal.decisions == 0


def test_F51_ticks_and_bad_messages_keep_no_book_young() -> None:
    noise: list[Message] = [BadMessage(t, "book", "heartbeat") for t in range(START_MS, END, 500)]
    engine, venue = scene([*told(ends_at(30)), *noise], lambda c: Action(c > 200))
    engine.advance(START_MS + 200_000)
    assert venue.calls == []
    book = engine.desks["BTC"].book(Outcome.UP)
    assert book is not None
    assert book.age_ms(engine.t_ms) > 160_000
    assert engine.state() is TradingState.REDUCING


def test_F52_an_outage_with_a_position_open_is_named_and_the_position_is_sold_afterwards() -> None:
    outage = told(lambda s: None if 100 < s < 500 else 4_900)
    engine, _ = scene(outage, UP)
    engine.advance(START_MS + 300_000)
    assert [t.breaker for t in engine.breakers.tripped] == [Breaker.DATA_GAP]
    assert engine.journal.ledger.realised == 0
    assert held(engine) > 0
    engine.advance(END - 1)
    assert held(engine) == 0
    assert not engine.breakers.tripped


def test_F53_a_venue_that_hangs_on_every_order_holds_up_no_decision() -> None:
    both = [*told(steady), *told(steady, market("ETH"))]
    patient = ORDINARY.paper.model_copy(update={"unknown_ms": 120_000})
    settings = ORDINARY.model_copy(update={"paper": patient})
    engine, venue = scene(both, UP, settings, assets=("BTC", "ETH"))
    venue.inner.send = lambda order_id, intent: None  # type: ignore[method-assign,return-value,assignment]  # it swallows every order
    engine.advance(START_MS + 60_000)
    assert engine.journal.decisions == 2 * 121
    assert len(venue.calls) == 2


def test_F54_the_price_to_beat_is_the_official_one_or_unknown() -> None:
    quotes: list[Message] = [
        VenueQuote(t, "binance-futures", "BTC", 90_000.0, 90_001.0)
        for t in range(START_MS, START_MS + 60_000, 500)
    ]
    engine, _ = scene([*told(steady), *quotes], UP)
    engine.advance(START_MS + 30_000)
    assert picture(engine, 1, 0.0, 1.0).assets[0].price_to_beat is None
    official = PriceToBeat(START_MS + 20_000, MARKET.slug, 90_123.45)
    engine, _ = scene([*told(steady), *quotes, official], UP)
    engine.advance(START_MS + 30_000)
    assert picture(engine, 1, 0.0, 1.0).assets[0].price_to_beat == 90_123.45


def test_F23_the_verdict_of_another_window_pays_nothing() -> None:
    silent = [
        m
        for m in told(steady, verdict=None)
        if not isinstance(m, BookSnapshot) or m.t_ms < END - 300_000
    ]
    other = Resolution(END + 1_000, "somebody-else", Outcome.UP, "scripted")
    engine, _ = scene([*silent, other], UP)
    engine.advance(END + 120_000)
    assert held(engine) > 0
    assert engine.journal.ledger.realised == 0


def test_F57_no_price_of_one_side_is_made_from_the_other() -> None:
    """DOWN is bought on its own book, which here is dear, and not at 1 less the price of UP."""
    dear = [
        replace(m, asks=((5_300, 100_000 * MICRO),), bids=priced(5_200)[0])
        if isinstance(m, BookSnapshot) and m.token_id == MARKET.down_token
        else m
        for m in told(steady)
    ]
    engine, venue = scene(dear, always(Action.SELL))
    engine.advance(START_MS + 10_000)
    ((_, intent),) = venue.calls
    assert intent.token_id == MARKET.down_token
    (holding,) = engine.journal.ledger.held(MARKET.slug)
    assert holding.paid >= holding.shares * 5_300 // 10_000
    assert holding.fees > 0
