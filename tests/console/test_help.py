"""Help, the plain table and the Markdown table all tell the one command table."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.commands import COMMANDS, Group
from console.glossary import DENIALS, WORDS
from console.help import HelpScreen, help_lines, keys_markdown, keys_table, shown_keys
from console.modals.page import WIDTH
from console.widgets.lines import width_of
from console.widgets.status import StatusRow
from engine.denial import Code
from tests.console.fakes import sample_snapshot
from tests.console.modal_host import open_dialog, text_in


def test_every_command_is_in_every_table() -> None:
    screen = " ".join(text_in(HelpScreen(sample_snapshot())).split())
    for command in COMMANDS:
        assert shown_keys(command) in keys_table()
        assert command.help in keys_table()
        assert command.help in screen
        assert f"| {command.label} | {command.help} |" in keys_markdown()


def test_the_readme_shows_the_same_table() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert keys_markdown() in readme.read_text("utf-8")


def test_no_two_commands_share_a_key() -> None:
    keys = [key for command in COMMANDS for key in command.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_every_group_is_a_heading_once() -> None:
    lines = keys_table().splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == [g.value for g in Group]


def test_keys_are_shown_as_signs() -> None:
    assert {"?", "$", "M", "ctrl+x"} <= {key for c in COMMANDS for key in shown_keys(c).split()}


def test_every_denial_of_the_gate_is_explained_and_no_other() -> None:
    assert [code for code, _ in DENIALS] == [code.value for code in Code]


@pytest.mark.parametrize(
    "word",
    ["executable PnL", "mid PnL", "worst case", "REDUCING", "HALTED", "untrained",
     "neutral features", "settling", "awaiting resolution", "?", "vs hold", "not shown",
     "challenger", "rollout", "quarantined", "probation", "expl var"],
)  # fmt: skip
def test_the_words_of_the_screen_are_explained(word: str) -> None:
    assert word in dict(WORDS)


def test_no_line_is_wider_than_80_columns_allow() -> None:
    assert max(width_of(line) for line in help_lines()) <= WIDTH


@pytest.mark.parametrize("key", ["escape", "q", "question_mark", "f1"])
async def test_help_closes_at_once(key: str) -> None:
    async with open_dialog(HelpScreen(sample_snapshot())) as (host, pilot):
        await pilot.press(key)
        assert host.answer is None
        assert host.acted == []


async def test_help_scrolls_to_its_end_and_back() -> None:
    async with open_dialog(HelpScreen(sample_snapshot())) as (host, pilot):
        body = host.screen.query_one("#body")
        await pilot.press("end")
        assert body.scroll_y == body.max_scroll_y > 0
        await pilot.press("up")
        assert body.scroll_y == body.max_scroll_y - 1
        await pilot.press("home", "pagedown", "pageup", "down")
        assert body.scroll_y == 1


async def test_halt_works_and_the_status_row_stays_over_help() -> None:
    async with open_dialog(HelpScreen(sample_snapshot())) as (host, pilot):
        await pilot.press("ctrl+x")
        assert host.acted == ["halt"]
        assert host.screen.query_one(StatusRow).region.y == 0
