"""What must hold of every dialog."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Paste
from textual.widgets import Input, OptionList

from console.commands import COMMANDS
from console.modals import (
    ArmModal,
    Dialog,
    FlattenModal,
    ModelModal,
    PromoteModal,
    QuitModal,
    ResumeModal,
    RollBackModal,
)
from console.modals.flatten import flatten_lines
from console.modals.page import WIDTH
from console.modals.quit import quit_lines
from console.text import Money
from console.widgets.lines import Line, width_of
from console.widgets.status import StatusRow
from engine.learning_view import RivalView
from engine.snapshot import Snapshot
from tests.console.fakes import sample_snapshot, with_former_champion
from tests.console.learners import off, promotable
from tests.console.modal_host import (
    UNANSWERED,
    Clock,
    crowded_snapshot,
    halted_snapshot,
    open_dialog,
    text_in,
)

MODALS = (
    FlattenModal, ResumeModal, ArmModal, ModelModal, QuitModal, PromoteModal, RollBackModal
)  # fmt: skip
SAFE: dict[type[Dialog[Any]], object] = {
    FlattenModal: False, PromoteModal: False, RollBackModal: False
}  # fmt: skip
"""Answers of ESC that are not None."""

DANGER: dict[type[Dialog[Any]], list[str]] = {
    FlattenModal: [*"FLATTEN", "enter"],
    ResumeModal: [*"RESUME", "enter"],
    ArmModal: ["enter"],
    ModelModal: ["3"],
    QuitModal: ["down", "down", "enter"],
    PromoteModal: ["down", "enter"],
    RollBackModal: ["down", "enter"],
}
"""The shortest way to an answer that is not the safe one; arming has none, so it closes."""

every_modal = pytest.mark.parametrize("modal", MODALS)


def opened(modal: type[Dialog[Any]], clock: Clock | None = None) -> Dialog[Any]:
    """`modal` over a halted sample, its grace over unless a clock is handed in."""
    ready = halted_snapshot(learning=promotable(), model=with_former_champion())
    dialog = modal(ready, clock or Clock())
    if clock is None:
        dialog.GRACE_S = 0.0  # type: ignore[misc]  # this instance only
    return dialog


@every_modal
async def test_keys_typed_ahead_answer_nothing(modal: type[Dialog[Any]]) -> None:
    clock = Clock()
    async with open_dialog(opened(modal, clock)) as (host, pilot):
        clock.now += 0.499
        await pilot.press(*DANGER[modal], "escape")
        assert host.answer == UNANSWERED
        clock.now += 0.001
        await pilot.press(*DANGER[modal])
        assert host.answer != UNANSWERED


@pytest.mark.parametrize("modal", [FlattenModal, ResumeModal])
async def test_a_word_typed_or_pasted_ahead_is_not_kept(modal: type[Dialog[Any]]) -> None:
    clock = Clock()
    async with open_dialog(opened(modal, clock)) as (host, pilot):
        await pilot.press(*DANGER[modal][:-1])
        host.post_message(Paste("".join(DANGER[modal][:-1])))
        await pilot.pause()
        clock.now += 1.0
        await pilot.press("enter")
        assert host.answer == UNANSWERED


@every_modal
async def test_escape_is_the_safe_answer(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(opened(modal)) as (host, pilot):
        await pilot.press("escape")
        assert host.answer == SAFE.get(modal)


@every_modal
async def test_the_focus_is_on_what_changes_nothing(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(opened(modal)) as (host, pilot):
        focused = host.focused
        if isinstance(focused, Input):
            assert focused.value == ""
        if isinstance(focused, OptionList):
            assert focused.highlighted == 0
        await pilot.press("enter")
        assert host.answer in (UNANSWERED, SAFE.get(modal))


@every_modal
@pytest.mark.parametrize("waited", [0.0, 1.0])
async def test_halt_works_under_every_dialog_at_any_time(
    modal: type[Dialog[Any]], waited: float
) -> None:
    clock = Clock()
    async with open_dialog(opened(modal, clock)) as (host, pilot):
        clock.now += waited
        await pilot.press("ctrl+x")
        assert host.acted == ["halt"]
        assert host.answer == UNANSWERED


@every_modal
async def test_no_other_command_runs_under_a_dialog(modal: type[Dialog[Any]]) -> None:
    own = {"1", "2", "3", "4", "j", "k"} if modal is ModelModal else set()
    keys = [k for c in COMMANDS if not c.always for k in c.keys.split(",") if k not in own]
    async with open_dialog(opened(modal)) as (host, pilot):
        await pilot.press(*keys)
        assert host.acted == []
        assert host.answer == UNANSWERED


@every_modal
async def test_the_status_row_stays_on_top_and_live(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(opened(modal)) as (host, pilot):
        row = host.screen.query_one(StatusRow)
        assert row.region.y == 0
        assert row.region.width == host.size.width
        assert "HALTED" in row.plain
        dialog = host.screen
        assert isinstance(dialog, Dialog)
        dialog.show(sample_snapshot(state="REDUCING", mode="PAPER"))
        await pilot.pause()
        assert "REDUCING" in row.plain


@every_modal
async def test_the_dashboard_is_seen_behind_a_dialog(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(opened(modal)) as (host, _):
        assert host.screen.styles.background.a < 1


@every_modal
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.parametrize("snapshot", [sample_snapshot(), halted_snapshot(), crowded_snapshot()])
async def test_the_answer_is_in_reach_and_nothing_is_wider_than_the_frame(
    modal: type[Dialog[Any]], size: tuple[int, int], snapshot: Snapshot
) -> None:
    async with open_dialog(modal(snapshot, Clock()), size) as (host, _):
        screen = host.screen
        frame, row = screen.query_one("#frame").region, screen.query_one(StatusRow).region
        assert frame.y >= row.bottom
        assert frame.bottom <= host.size.height
        assert frame.right <= host.size.width
        assert screen.query_one("#body").max_scroll_x == 0
        if host.focused is not None:
            assert frame.contains_region(host.focused.region)


@pytest.mark.parametrize("lines", [flatten_lines, quit_lines])
def test_columns_fit_a_terminal_of_80(lines: Callable[[Snapshot, Money], list[Line]]) -> None:
    columns = [row for row in lines(crowded_snapshot(), Money()) if len(row) > 3]
    assert columns
    assert all(width_of(row) <= WIDTH + 2 for row in columns)


@every_modal
async def test_a_terminal_of_20x5_is_survived(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(opened(modal), (20, 5)) as (host, pilot):
        await pilot.press("escape")
        assert host.answer == SAFE.get(modal)


@every_modal
async def test_privacy_hides_every_amount(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(modal(crowded_snapshot(), Clock()), private=True) as (host, _):
        dialog = host.screen
        assert isinstance(dialog, Dialog)
        shown = text_in(dialog)
        if isinstance(host.focused, OptionList):
            shown += "".join(str(option.prompt) for option in host.focused.options)
        assert not re.search(r"\$\d|\d,\d", shown)


@pytest.mark.parametrize(
    "modal", [FlattenModal, ResumeModal, ArmModal, QuitModal, PromoteModal, RollBackModal]
)
async def test_numbers_move_while_the_dialog_is_open(modal: type[Dialog[Any]]) -> None:
    async with open_dialog(opened(modal)) as (host, _):
        dialog = host.screen
        assert isinstance(dialog, Dialog)
        before = text_in(dialog)
        other = {"assets": (), "learning": off(champion=RivalView("new"), criteria=())}
        dialog.show(sample_snapshot(state="REDUCING", worst_case=-1.0, **other))
        assert text_in(dialog) != before
