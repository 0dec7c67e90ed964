"""The ladder and quitting: what can be taken, what cannot, and that staying is first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.modals.choice import Choices
from console.modals.model import ModelModal, model_lines
from console.modals.page import text_of
from console.modals.quit import QuitModal, quit_lines
from console.text import Money
from engine.snapshot import Snapshot
from tests.console.fakes import flat, sample_snapshot
from tests.console.modal_host import UNANSWERED, open_dialog
from tests.console.safeties import calm


class Model(ModelModal):
    GRACE_S = 0.0


class Quit(QuitModal):
    GRACE_S = 0.0


def deciding(name: str) -> Snapshot:
    return sample_snapshot(model=replace(sample_snapshot().model, name=name))


def flat_snapshot() -> Snapshot:
    return sample_snapshot(assets=tuple(flat(asset) for asset in sample_snapshot().assets))


def prompts(choices: Choices) -> list[str]:
    return [str(option.prompt) for option in choices.options]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["3"], 2),
        (["4"], 3),
        (["down", "enter"], 2),
        (["j", "j", "enter"], 3),
        (["j", "k", "enter"], None),
        (["up", "enter"], 3),
        (["1"], None),
        (["enter"], None),
    ],
)
async def test_a_rung_is_picked_by_arrows_letters_or_number(
    keys: list[str], answer: int | None
) -> None:
    async with open_dialog(Model(sample_snapshot())) as (host, pilot):
        await pilot.press(*keys)
        assert host.answer == answer


@pytest.mark.parametrize("key", ["2", "9"])
async def test_a_rung_that_is_not_ready_or_not_there_cannot_be_taken(key: str) -> None:
    async with open_dialog(Model(sample_snapshot())) as (host, pilot):
        await pilot.press(key)
        assert host.answer == UNANSWERED


async def test_the_deciding_rung_is_marked_and_highlighted() -> None:
    async with open_dialog(Model(deciding("hold"))) as (host, _):
        choices = host.screen.query_one(Choices)
        assert choices.highlighted == 3
        assert [("❯" in row, "now" in row) for row in prompts(choices)] == [(False, False)] * 3 + [
            (True, True)
        ]


async def test_the_mark_moves_with_the_cursor_so_that_no_colour_is_needed() -> None:
    async with open_dialog(Quit(sample_snapshot())) as (host, pilot):
        await pilot.press("down")
        await pilot.pause()
        assert ["❯" in row for row in prompts(host.screen.query_one(Choices))] == [
            False,
            True,
            False,
        ]


async def test_a_fall_while_the_dialog_is_open_moves_the_deciding_mark() -> None:
    dialog = Model(sample_snapshot())
    async with open_dialog(dialog) as (host, _):
        dialog.show(deciding("pre-phase-5"))
        rows = prompts(host.screen.query_one(Choices))
        assert ["now" in row for row in rows] == [False, False, True, False]


async def test_a_rung_that_becomes_ready_can_be_taken() -> None:
    model = sample_snapshot().model
    ladder = tuple(replace(rung, ready=True) for rung in model.ladder)
    dialog = Model(sample_snapshot())
    async with open_dialog(dialog) as (host, pilot):
        dialog.show(sample_snapshot(model=replace(model, ladder=ladder)))
        await pilot.press("2")
        assert host.answer == 1


def test_the_dialog_says_untrained() -> None:
    assert "untrained" in text_of(model_lines(sample_snapshot(), Money())).plain


async def test_a_ladder_not_known_yet_offers_nothing() -> None:
    async with open_dialog(Model(Snapshot())) as (host, pilot):
        await pilot.press("enter", "1", "down", "enter")
        assert host.answer == UNANSWERED
        await pilot.press("escape")
        assert host.answer is None


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], None),
        (["down", "enter"], "keep"),
        (["down", "down", "enter"], "flatten"),
        (["j", "j", "j", "enter"], None),
    ],
)
async def test_quit_stays_first_then_keeps_then_flattens(
    keys: list[str], answer: str | None
) -> None:
    async with open_dialog(Quit(sample_snapshot())) as (host, pilot):
        await pilot.press(*keys)
        assert host.answer == answer


async def test_quit_says_what_each_way_does_to_the_positions() -> None:
    async with open_dialog(Quit(sample_snapshot())) as (host, _):
        stay, keep, flatten = prompts(host.screen.query_one(Choices))
        assert "nothing changes" in stay
        assert "1 position stays open" in keep
        assert "sell 1 position for about $330.76" in flatten


async def test_quit_while_flat_promises_no_sale() -> None:
    async with open_dialog(Quit(flat_snapshot())) as (host, _):
        assert "nothing to sell" in prompts(host.screen.query_one(Choices))[2]


def test_quit_tells_of_orders_in_flight() -> None:
    first, *rest = sample_snapshot().assets
    flying = replace(first, working="BUY UP $310 in flight")
    text = text_of(quit_lines(sample_snapshot(assets=(flying, *rest)), Money())).plain
    assert "BUY UP $310 in flight" in text
    assert "reconciled at the next start" in text


@pytest.mark.parametrize("policy", ["hold", "flatten", "keep-running"])
def test_quit_says_what_a_lost_terminal_would_do(policy: str) -> None:
    text = text_of(quit_lines(sample_snapshot(safety=calm(on_hangup=policy)), Money())).plain
    assert f"Should the terminal go away instead ({policy}): " in text
    assert "terminal go away" not in text_of(quit_lines(sample_snapshot(), Money())).plain
