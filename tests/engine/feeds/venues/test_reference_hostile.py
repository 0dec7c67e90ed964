"""No frame, of whatever shape, makes a decoder of the underlying fail or believe nonsense."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.venues import binance_rest
from engine.feeds.venues.binance import BinanceReader
from engine.feeds.venues.okx import OkxReader, check_contracts
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import (
    LARGEST_AMOUNT,
    LARGEST_NOTIONAL,
    LARGEST_PRICE,
    Continuity,
    optional,
    price,
    quantity,
    real,
)
from engine.messages import Message, TradePrint, VenueQuote
from tests.engine.feeds.venues.frames import (
    T0,
    aggregate,
    answer,
    kline,
    okx,
    okx_best,
    okx_forced,
    okx_trade,
    single,
    ticker,
)

ORDER = {"s": "BTCUSDT", "S": "SELL", "ap": "100", "z": "3"}
GOOD: tuple[Any, ...] = (
    aggregate(1),
    aggregate(4),
    single(1),
    ticker(1),
    kline(T0),
    {"e": "markPriceUpdate", "s": "BTCUSDT", "p": "100", "i": "100", "r": "0.0001"},
    {"e": "forceOrder", "o": ORDER},
    {
        "stream": "btcusdt@depth5@100ms",
        "data": {"e": "depthUpdate", "s": "BTCUSDT", "u": 1, "b": [["9", "1"]], "a": [["9", "1"]]},
    },
    answer(2),
    {"venue": "binance-spot", "symbol": "BTCUSDT", "answer": [[T0, "1", "1", "1", "1"]]},
    {"symbol": "BTCUSDT", "openInterest": "5"},
    okx_trade(1),
    okx_best(),
    okx_forced(T0),
    okx("mark-price", {"markPx": "1"}),
    okx("funding-rate", {"fundingRate": "1", "fundingTime": "1", "nextFundingTime": "2"}),
    okx("candle1m", [str(T0), "1", "1", "1", "1", "1", "1", "1", "1"]),
    {"instId": "BTC-USDT-SWAP", "answer": {"code": "0", "data": [[str(T0)]]}},
    {"data": [{"instId": "BTC-USDT-SWAP", "ctVal": "0.01", "ctMult": "1"}]},
)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["1e999", "-1", "0", "", "nan", "inf", "1_0", " 1", "٣", "9" * 60, "1e12", "1e-300"]
    ),
    st.sampled_from(["BTCUSDT", "BTC-USDT-SWAP", "aggTrade", "trades", "bookTicker", 2**70]),
)
ANY = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def decoders() -> dict[str, Callable[[int, object], Iterable[Message]]]:
    binance, swaps = BinanceReader(), OkxReader()
    return {
        "futures": binance.futures,
        "spot": binance.spot,
        "mended": binance.mended,
        "bars": binance_rest.bars,
        "interest": binance_rest.interest,
        "okx": swaps.messages,
        "okx bars": swaps.bars,
        "contracts": lambda _, data: check_contracts(data) or (),  # type: ignore[func-returns-value]  # raises or not
    }


def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A copy of a good message with one part, however deep, replaced or left out."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        rest = {k: v for k, v in value.items() if k != key}
        return rest if not draw(st.integers(0, 5)) else rest | {key: spoilt(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], spoilt(draw, value[at]), *value[at + 1 :]]
    return draw(ANY)


@st.composite
def nearly_good(draw: st.DrawFn) -> Any:
    return spoilt(draw, draw(st.sampled_from(GOOD)))


@given(st.lists(st.one_of(ANY, nearly_good(), st.sampled_from(GOOD)), min_size=1, max_size=6))
def test_no_frame_makes_a_decoder_raise_anything_but_its_refusal(frames: list[Any]) -> None:
    for decode in decoders().values():
        for frame in frames:
            said: list[Message] = []
            with contextlib.suppress(MessageError):
                said = list(decode(T0 + 60_000, frame))
            assert all(_believable(message) for message in said)


def _believable(message: Message) -> bool:
    if isinstance(message, VenueQuote):
        return 0 < message.bid <= message.ask <= LARGEST_PRICE
    if isinstance(message, TradePrint):
        worth = message.price * message.qty
        return 0 < message.price <= LARGEST_PRICE and 0 < worth <= LARGEST_NOTIONAL
    return True


@pytest.mark.parametrize(
    "text",
    [
        *("nan", "inf", "-inf", "1e999", "1_000", " 1", "1 ", "", "0x1", "1e", "--1", "1.2.3"),
        *("9" * 41, "٣", "1e13", None, 1, 1.0, True, b"1", ["1"]),
    ],
)
def test_a_number_that_is_not_plain_finite_and_believable_is_refused(text: object) -> None:
    with pytest.raises(MessageError):
        real({"p": text}, "p")


@pytest.mark.parametrize("text", ["0", "-1", "1e-10", "0.0000000000"])
def test_a_price_or_quantity_of_nothing_is_refused(text: str) -> None:
    for check in (price, quantity):
        with pytest.raises(MessageError):
            check({"p": text}, "p")


@given(st.floats(-LARGEST_AMOUNT, LARGEST_AMOUNT, allow_nan=False))
def test_a_number_is_read_as_it_is_written(number: float) -> None:
    assert real({"p": repr(number)}, "p") == number


def test_an_absent_number_is_none_and_never_nothing() -> None:
    assert optional({}, "p") is None
    assert optional({"p": ""}, "p") is None
    assert optional({"p": "0"}, "p") == 0.0


@given(st.floats(1e-6, LARGEST_PRICE), st.floats(-0.5, 0.5))
def test_a_leap_within_a_second_is_refused_and_a_step_is_not(level: float, step: float) -> None:
    continuity = Continuity()
    continuity.quoted(T0, level)
    moved = level * (1 + step)
    if math.isclose(abs(step), 0.05, rel_tol=1e-6):
        return
    if abs(step) < 0.05:
        continuity.check(T0, moved)
        return
    with pytest.raises(MessageError):
        continuity.check(T0, moved)
