"""An asset's panel: what it sees, what it did, why not, and what it costs, at every size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.text import Money
from console.views.asset import detail_lines
from console.widgets.asset import card_lines, stacked_lines
from console.widgets.display import Display
from console.widgets.lines import width_of
from console.widgets.phrases import size_words
from engine.snapshot import AssetView
from tests.console.fakes import sample_snapshot
from tests.console.screens import words

BTC, ETH, SOL, XRP = sample_snapshot().assets
PLAIN = Display()


def card(view: AssetView, width: int = 56, height: int = 12, display: Display = PLAIN) -> str:
    return words(card_lines(view, display, width, height))


@pytest.mark.parametrize("view", [BTC, ETH, SOL, XRP, AssetView("BTC")], ids=lambda v: v.asset)
@pytest.mark.parametrize(("width", "height"), [(48, 11), (56, 12), (76, 14), (96, 16)])
def test_a_card_fits_its_box(view: AssetView, width: int, height: int) -> None:
    lines = card_lines(view, PLAIN, width, height)
    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)


@pytest.mark.parametrize("view", [BTC, ETH, SOL, XRP, AssetView("BTC")], ids=lambda v: v.asset)
@pytest.mark.parametrize("height", [3, 4, 8, 9])
def test_a_stacked_asset_fits_its_rows(view: AssetView, height: int) -> None:
    lines = stacked_lines(view, 1, PLAIN, 80, height, "▶")
    assert len(lines) <= height
    assert all(width_of(line) <= 80 for line in lines)


@pytest.mark.parametrize(("width", "height"), [(56, 12), (96, 16)])
def test_an_open_position_shows_entry_value_and_result(width: int, height: int) -> None:
    shown = card(BTC, width, height)
    for fact in ("62.5% ▲", "87,731.40", "87,650.12", "+81.28", "06:12", ".62/.63 valid",
                 ".37/.38 valid", "▶HOLD", "SELL ✕", "UP 506.45 @ .612", "$330.76", "+$12.40",
                 "exec +$50.60", "mid +$61.75", "$500 x 0.4375 = $218.75"):  # fmt: skip
        assert fact in shown, fact


def test_a_denied_action_quotes_the_denial() -> None:
    shown = card(ETH)
    assert "▶SELL" in shown
    assert "denied: spread 0.06 is wider than the limit 0.05" in shown
    assert "31.0% ▼" in shown


def test_an_invalid_row_says_why_and_decides_nothing() -> None:
    shown = card(SOL)
    assert "row invalid: binance silent for 14 s, limit 10 s" in shown
    assert "one side empty" in shown
    assert "▶" not in shown


def test_between_windows_the_pending_resolution_is_named() -> None:
    shown = card(XRP)
    assert "between windows" in shown
    assert "awaiting resolution of xrp-updown-15m-1767224700" in shown
    assert "exec ? (+$6.05 realised)" in shown


def test_unknown_is_a_question_mark_and_never_a_zero() -> None:
    shown = card(replace(SOL, row_invalid=None))
    assert "spot ?" in shown
    assert "?/?" in shown
    assert "$500 x ? = ?" in shown


@pytest.mark.parametrize(
    ("confidence", "size", "said"),
    [(0.62, 310.0, "$500 x 0.62 = $310"), (0.4375, 218.75, "$500 x 0.4375 = $218.75"),
     (0.25, 125.0, "$500 x 0.25 = $125"), (1.0, 500.0, "$500 x 1.00 = $500")],
)  # fmt: skip
def test_the_size_is_spelled_out_as_a_product_that_comes_out(
    confidence: float, size: float, said: str
) -> None:
    view = replace(BTC, confidence=confidence, order_size=size)
    assert size_words(view, PLAIN) == said


def test_neutral_features_are_counted_on_the_panel() -> None:
    assert "6 of 18 features neutral" in card(replace(BTC, neutral=6))
    assert "neutral" not in card(BTC)


def test_the_last_fifth_of_a_window_is_marked_without_colour() -> None:
    assert "!02:59" in card(replace(BTC, seconds_left=179.9))
    assert "!" not in card(replace(BTC, seconds_left=181.0))


def test_privacy_hides_every_amount_of_the_panel() -> None:
    hidden = Display(Money(hidden=True))
    for view in (BTC, ETH, SOL, XRP):
        for shown in (
            card(view, display=hidden),
            card(view, 96, 16, hidden),
            words(stacked_lines(view, 1, hidden, 80, 9, " ")),
            words(detail_lines(view, hidden, 60)),
        ):
            assert "$" not in shown.replace("$•••", "")
            assert "506.45" not in shown


def test_the_detail_wraps_a_long_denial_instead_of_cutting_it() -> None:
    long = replace(ETH, denial="spread 0.06 is wider than the limit 0.05 " * 3)
    lines = detail_lines(long, PLAIN, 34)
    assert words(lines).replace("\n", " ").count("the limit 0.05") == 3
