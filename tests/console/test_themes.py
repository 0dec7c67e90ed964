"""Colours that survive the way to the terminal, and states that do not need them."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from console import themes


@pytest.mark.parametrize("colour", themes.PALETTE)
def test_every_colour_is_exact_among_the_256(colour: str) -> None:
    assert Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex == colour


@pytest.mark.parametrize(
    "colour", [themes.INK, themes.WHITE, themes.BLUE, themes.ORANGE, themes.AMBER, themes.RED,
               themes.LABEL_GREY, themes.FAINT_GREY, themes.LINE]
)  # fmt: skip
def test_no_ink_sinks_into_the_ground_with_16_colours(colour: str) -> None:
    ground = Color.parse(themes.BACKGROUND).downgrade(ColorSystem.STANDARD).number
    assert Color.parse(colour).downgrade(ColorSystem.STANDARD).number != ground


def test_gain_and_loss_stay_apart_with_16_colours() -> None:
    low = [
        Color.parse(c).downgrade(ColorSystem.STANDARD).number for c in (themes.BLUE, themes.ORANGE)
    ]
    assert low[0] != low[1]


@pytest.mark.parametrize("badge", [themes.PAPER_BADGE, themes.LIVE_BADGE, themes.ALARM_BADGE])
def test_badges_are_told_by_reverse_video_too(badge: object) -> None:
    assert getattr(badge, "reverse", False)


def test_values_next_to_zero_are_faint() -> None:
    assert themes.by_sign(0.01, themes.DEAD_BAND) is themes.FAINT
    assert themes.by_sign(-0.5) is themes.LOSS
    assert themes.by_sign(None) is themes.PLAIN
