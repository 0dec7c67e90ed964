"""How the dashboard shares its rows, and how little of a line is repainted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from textual.strip import Strip

from console.themes import LABEL, PLAIN
from console.views.dashboard import arrange
from console.widgets.lines import changed_width, fit, spread, strip_of, width_of

WORDS = st.lists(
    st.tuples(st.text("ab ", min_size=1, max_size=6), st.sampled_from([PLAIN, LABEL])), max_size=6
)


@given(
    width=st.integers(1, 240), height=st.integers(1, 80), above=st.integers(1, 5),
    selected=st.integers(0, 3),
)  # fmt: skip
def test_panels_and_tails_never_need_more_rows_than_there_are(
    width: int, height: int, above: int, selected: int
) -> None:
    plan = arrange(width, height, height + above, selected)
    rows = plan.above
    assert rows + plan.tail <= height


def test_at_80x24_the_selected_asset_has_room_for_its_inputs() -> None:
    assert arrange(80, 21, 24, 1).heights == (4, 9, 4, 4)
    assert arrange(80, 20, 24, 1).heights == (4, 8, 4, 4), "with an alert row"


@pytest.mark.parametrize(
    ("width", "height", "terminal", "card", "tail"),
    [(100, 26, 30, 13, 0), (120, 32, 36, 14, 4), (120, 31, 36, 14, 3), (160, 44, 48, 16, 12),
     (200, 57, 60, 18, 21)],
)  # fmt: skip
def test_cards_grow_with_the_terminal_and_leave_room_below(
    width: int, height: int, terminal: int, card: int, tail: int
) -> None:
    plan = arrange(width, height, terminal, 0)
    assert (plan.columns, plan.heights[0], plan.tail) == (2, card, tail)


@given(line=WORDS, width=st.integers(1, 40))
def test_a_fitted_line_is_exactly_as_wide_as_asked(
    line: list[tuple[str, Style]], width: int
) -> None:
    assert width_of(fit(line, width)) == width
    assert strip_of(line, width).cell_length == width


@given(left=WORDS, right=WORDS)
def test_what_stands_at_the_right_is_never_cut(
    left: list[tuple[str, Style]], right: list[tuple[str, Style]]
) -> None:
    text = "".join(run[0] for run in spread(left, right, 60))
    assert text.endswith("".join(run[0] for run in right))


@given(before=WORDS, after=WORDS)
def test_everything_beyond_the_changed_width_is_unchanged(
    before: list[tuple[str, Style]], after: list[tuple[str, Style]]
) -> None:
    old, new = strip_of(before, 40), strip_of(after, 40)
    width = changed_width(old, new)
    assert cells(old)[width:] == cells(new)[width:]
    assert (width == 0) == (list(old) == list(new))


def cells(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(char, segment.style) for segment in strip for char in segment.text]
