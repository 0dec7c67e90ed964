from __future__ import annotations

from engine.desk import Desk
from engine.feeds.feed import FeedInfo
from engine.market import Outcome
from engine.messages import BookSnapshot
from engine.safety.silence import Silence
from tests.engine.build import MARKET, START_MS
from tests.engine.fakes import DEEP, ORDINARY

HAS = frozenset({"book", "binance"})
LIMIT_S = 60.0


def desk(*outcomes: Outcome) -> Desk:
    """One whose window runs, with books of these outcomes."""
    info = FeedInfo("script", ("BTC",), HAS, frozenset(), START_MS, None)
    made = Desk("BTC", info, ORDINARY)
    made.list_market(MARKET)
    made.begin_window(START_MS)
    for outcome in outcomes:
        made.take_book(BookSnapshot(START_MS, MARKET.token(outcome), *DEEP), MARKET)
    return made


def silence() -> Silence:
    return Silence(HAS, LIMIT_S, START_MS)


def after(seconds: float) -> int:
    return START_MS + round(seconds * 1000)


def test_each_silent_source_is_named_with_its_age_and_the_limit() -> None:
    heard = {"book": after(0), "binance": after(40)}
    watched = silence()
    watched.gap(START_MS, [desk()], {})
    assert watched.gap(after(60), [desk()], heard) == ""
    assert watched.gap(after(61), [desk()], heard) == "book silent for 61 s, limit 60 s"
    both = watched.gap(after(101), [desk()], heard)
    assert "book silent for 101 s" in both
    assert "binance silent for 61 s" in both


def test_a_source_that_never_spoke_is_silent_since_the_start() -> None:
    watched = silence()
    watched.gap(START_MS, [desk()], {})
    assert "binance silent" in watched.gap(after(61), [desk()], {"book": after(60)})


def test_nothing_need_be_heard_while_no_window_runs() -> None:
    watched = silence()
    assert watched.gap(after(1_000), [], {}) == ""
    assert watched.gap(after(1_001), [desk()], {}) == ""
    assert watched.gap(after(1_062), [desk()], {}) != ""


def test_a_window_that_follows_another_forgives_no_silence() -> None:
    watched = silence()
    watched.gap(START_MS, [desk()], {})
    assert watched.gap(after(59), [desk()], {}) == ""
    assert watched.gap(after(61), [desk(), desk()], {}) != ""


def test_it_is_over_when_every_source_speaks_and_every_book_is_valid() -> None:
    watched, heard = silence(), {"book": after(99), "binance": after(98)}
    whole = desk(*Outcome)
    assert watched.heard_again(after(100), [whole], heard)
    assert not watched.heard_again(after(100), [whole], {"book": after(99)})
    assert not watched.heard_again(after(100), [whole], heard | {"binance": after(39)})
    assert not watched.heard_again(after(100), [whole, desk(Outcome.UP)], heard)
    assert not watched.heard_again(after(100), [], heard)


def test_an_invalid_book_is_no_book() -> None:
    one_sided = desk(Outcome.UP)
    one_sided.take_book(BookSnapshot(after(1), MARKET.down_token, (), DEEP[1]), MARKET)
    heard = {"book": after(99), "binance": after(98)}
    assert not silence().heard_again(after(100), [one_sided], heard)
