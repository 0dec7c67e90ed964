"""How numbers become words: every formatter, with unknown, infinite and negative input."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import text
from console.text import HIDDEN, Money, clip, first_fit

FORMATTERS: dict[str, Callable[[float | None], str]] = {
    "percent": text.percent,
    "share_price": text.share_price,
    "spot_price": text.spot_price,
    "signed": text.signed,
    "countdown": text.countdown,
    "milliseconds": text.milliseconds,
    "plain": Money().plain,
    "whole": Money().whole,
    "money": Money().signed,
    "shares": Money().shares,
}


@pytest.mark.parametrize("name", FORMATTERS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_unknown_and_non_finite_numbers_are_a_question_mark(name: str, value: float | None) -> None:
    assert FORMATTERS[name](value) == "?"


@pytest.mark.parametrize("name", FORMATTERS)
def test_zero_is_a_value_and_never_unknown(name: str) -> None:
    assert "0" in FORMATTERS[name](0.0)


@pytest.mark.parametrize("name", FORMATTERS)
@given(value=st.floats(min_value=-1e12, max_value=1e12))
def test_no_formatter_ever_says_nan_or_inf_or_minus_zero(name: str, value: float) -> None:
    said = FORMATTERS[name](value)
    assert said
    assert "nan" not in said
    assert "inf" not in said
    assert not re.fullmatch(r"[-+]\$?0?(\.0*)?", said)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.62, ".62"), (0.005, ".005"), (1.0, "1.00"), (0.0, ".00"), (0.9999, ".9999"), (0.5, ".50")],
)
def test_share_prices_show_their_tick(value: float, said: str) -> None:
    assert text.share_price(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(87_731.4, "87,731.40"), (124.315, "124.315"), (1.8442, "1.8442"), (0.52, "0.5200")],
)
def test_spot_prices_keep_five_digits(value: float, said: str) -> None:
    assert text.spot_price(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(372.5, "06:12"), (0.0, "00:00"), (-3.0, "00:00"), (900.0, "15:00")]
)
def test_the_countdown_rounds_down_and_stops_at_zero(seconds: float, said: str) -> None:
    assert text.countdown(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "never"), (0.0, "0.0s"), (9.96, "10s"), (14.2, "14s"), (180.0, "3m"), (7_200.0, "2h"),
     (math.inf, "?")],
)  # fmt: skip
def test_ages_name_what_was_never_heard(seconds: float | None, said: str) -> None:
    assert text.age(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(None, "?"), (0, "0B"), (1_440, "1.4K"), (212 * 2**20, "212M"), (3 * 2**30, "3.0G")],
)
def test_sizes_are_binary_and_short(count: int | None, said: str) -> None:
    assert text.size(count) == said


def test_an_infinite_speed_is_called_max() -> None:
    assert (text.speed(math.inf), text.speed(1.0), text.speed(0.5)) == ("max", "1x", "0.5x")


@pytest.mark.parametrize(
    ("amount", "said"), [(12.4, "+$12.40"), (-3.0, "-$3.00"), (0.0, "$0.00"), (-0.001, "$0.00")]
)
def test_signed_money_carries_its_sign_before_the_dollar(amount: float, said: str) -> None:
    assert Money().signed(amount) == said


def test_whole_money_drops_cents_only_where_there_are_none() -> None:
    assert (Money().whole(310.0), Money().whole(218.75)) == ("$310", "$218.75")


@given(amount=st.floats(min_value=-1e9, max_value=1e9))
def test_hidden_money_betrays_neither_digits_nor_sign(amount: float) -> None:
    hidden = Money(hidden=True)
    assert {hidden.plain(amount), hidden.whole(amount), hidden.signed(amount)} == {HIDDEN}


@pytest.mark.parametrize(
    "sentence",
    [
        "order $600 is over the limit $500",
        "lost -$1,234.56 and +$0.5",
        "BUY UP 506.45 BTC at 0.612, fee $8.41",
        "310 UP held",
        "sold 402.1 shares",
        "worst case $-437.81 beyond $2k",
        "NOT_SETTLED: 402.00 of 506.45 shares settled, asked to sell 506.45",
    ],
)
def test_privacy_hides_amounts_inside_foreign_sentences(sentence: str) -> None:
    said = Money(hidden=True).sentence(sentence)
    assert "$" not in said.replace(HIDDEN, "")
    assert not set(re.findall(r"\d+", said)) & {"600", "500", "506", "310", "402", "234", "437"}


def test_sentences_without_amounts_are_left_alone() -> None:
    assert Money(hidden=True).sentence("binance silent for 14 s") == "binance silent for 14 s"


@given(words=st.text(max_size=60), width=st.integers(min_value=0, max_value=60))
def test_a_cut_is_always_visible(words: str, width: int) -> None:
    said = clip(words, width)
    assert len(said) <= width
    assert said == words or not width or said.endswith("…")


def test_the_longest_variant_that_fits_is_taken() -> None:
    assert first_fit(5, "long words", "short", "s") == "short"
    assert first_fit(3, "long words", "short") == "sh…"


@pytest.mark.parametrize(
    ("value", "places", "said"),
    [(1.02, 3, "1.020"), (0.0, 4, "0.0000"), (-0.0536, 4, "-0.0536"), (None, 3, "?"),
     (0.00002, 4, "2.0e-5"), (123456.789, 4, "1.23e5"), (812.5, 4, "812.5000"),
     (-1e-9, 3, "-1.0e-9"), (math.nan, 3, "?")],
)  # fmt: skip
def test_numbers_of_one_kind_line_up_and_none_is_rounded_to_nothing(
    value: float | None, places: int, said: str
) -> None:
    assert text.measure(value, places) == said
