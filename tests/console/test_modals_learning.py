"""Promoting and rolling back: refused in words unless allowed, and never by accident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.modals.choice import Choices
from console.modals.page import WIDTH, text_of
from console.modals.promote import PromoteModal, promote_lines
from console.modals.roll_back import RollBackModal, roll_back_lines
from console.text import Money
from engine.learning_view import LearningView
from engine.requests import Promote, RollBack
from engine.snapshot import Snapshot
from tests.console.fakes import FakeEngine, sample_snapshot, with_former_champion
from tests.console.learners import collecting, on_probation, promotable
from tests.console.modal_host import UNANSWERED, open_dialog
from tests.console.screens import MEDIUM, running
from tests.console.screens import text_of as seen_on


class Promoting(PromoteModal):
    GRACE_S = 0.0


class RollingBack(RollBackModal):
    GRACE_S = 0.0


def learning(view: LearningView) -> Snapshot:
    return sample_snapshot(learning=view)


def second_row(choices: Choices) -> str:
    return str(choices.get_option_at_index(1).prompt)


@pytest.mark.parametrize("view", [collecting(), LearningView()])
async def test_a_promotion_is_refused_unless_every_criterion_is_met(view: LearningView) -> None:
    async with open_dialog(Promoting(learning(view))) as (host, pilot):
        assert "cannot" in second_row(host.screen.query_one(Choices))
        await pilot.press("down", "enter")
        assert host.answer in (UNANSWERED, False)
        await pilot.press("escape")
        assert host.answer is False


async def test_one_missing_criterion_is_enough_to_refuse() -> None:
    *met, last = promotable().criteria
    view = promotable(criteria=(*met, replace(last, met=False)))
    async with open_dialog(Promoting(learning(view))) as (host, pilot):
        assert "1 of 5 criteria not met" in second_row(host.screen.query_one(Choices))
        await pilot.press("down", "enter")
        assert host.answer is False


async def test_a_challenger_that_meets_everything_can_be_promoted() -> None:
    async with open_dialog(Promoting(learning(promotable()))) as (host, pilot):
        await pilot.press("down", "enter")
        assert host.answer is True


async def test_a_criterion_that_fails_while_the_dialog_is_open_shuts_it() -> None:
    dialog = Promoting(learning(promotable()))
    async with open_dialog(dialog) as (host, pilot):
        await pilot.press("down")
        dialog.show(learning(collecting()))
        await pilot.press("enter")
        assert host.answer in (UNANSWERED, False)


def test_the_dialog_lists_every_criterion_with_measured_and_needed() -> None:
    shown = text_of(promote_lines(collecting(), Money())).plain
    for criterion in collecting().criteria:
        assert criterion.name in shown
        assert criterion.needed in shown
    assert shown.count("✗ not met") == 3
    assert shown.count("✓ met") == 2
    assert "not shown (10 of the 30 slots needed)" in shown
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_the_dialog_names_who_replaces_whom() -> None:
    shown = text_of(promote_lines(collecting(), Money())).plain
    assert "Champion 3f9a1c0b7de2   challenger 91ab04c2ee17" in shown


async def test_the_engine_is_asked_to_promote_only_after_the_dialog_said_yes() -> None:
    for view, keys, asked in (
        (collecting(), ["P", "down", "enter"], []),
        (promotable(), ["P", "enter"], []),
        (promotable(), ["P", "down", "enter"], [Promote()]),
    ):
        engine = FakeEngine(learning(view))
        async with running(engine, MEDIUM) as (app, pilot):
            await pilot.press(keys[0])
            app.screen.GRACE_S = 0.0  # type: ignore[attr-defined]  # the dialog that was opened
            await pilot.press(*keys[1:])
            await pilot.pause()
            assert engine.requests == asked


@pytest.mark.parametrize("snapshot", [sample_snapshot(), Snapshot()])
async def test_without_a_former_champion_nothing_is_rolled_back(snapshot: Snapshot) -> None:
    async with open_dialog(RollingBack(snapshot)) as (host, pilot):
        assert "cannot" in second_row(host.screen.query_one(Choices))
        await pilot.press("down", "enter")
        assert host.answer in (UNANSWERED, False)


async def test_the_former_champion_comes_back_when_it_was_asked_for() -> None:
    ready = sample_snapshot(model=with_former_champion(), learning=on_probation())
    shown = text_of(roll_back_lines(ready, Money())).plain
    assert "c0ffee123456" in shown
    assert "lost $31.20 of $150" in shown
    engine = FakeEngine(ready)
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("R")
        app.screen.GRACE_S = 0.0  # type: ignore[attr-defined]  # the dialog that was opened
        await pilot.press("down", "enter")
        await pilot.pause()
        assert engine.requests == [RollBack()]
        assert "asked to roll back" in seen_on(app)


def test_nothing_to_go_back_to_is_not_called_a_checkpoint() -> None:
    shown = text_of(roll_back_lines(sample_snapshot(), Money())).plain
    assert "Comes back     nothing: no promotion has kept a champion" in shown


async def test_where_nothing_learns_the_key_says_so_and_asks_for_nothing() -> None:
    none = LearningView(why="nothing learns in this run; start it with --learn")
    engine = FakeEngine(learning(none))
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("N")
        await pilot.pause()
        assert engine.requests == []
        assert "nothing learns in this run" in seen_on(app)


def test_where_nothing_learns_there_is_nobody_to_promote() -> None:
    shown = text_of(promote_lines(LearningView(), Money())).plain
    assert "There is no challenger to promote: nothing learns in this run." in shown
