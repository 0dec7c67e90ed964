"""The driver that sends differences: whatever is sent, the terminal ends up the same."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import select
import signal

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.events import Key
from textual.message import Message

from console.driver import SparingDriver
from console.sparing import Shown, parts_of, transition

STYLES = ("", "37", "1;38;5;75;48;5;233", "38;5;75;48;5;233", "38;5;209;48;5;233", "48;5;233",
          "1;7;38;5;221", "38;2;1;2;3;48;2;4;5;6", "4;90;40")  # fmt: skip

CODE = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[(\d+)C|\x1b\[([\d;]*)m|(\n)|([^\x1b\n]+)")


class Terminal:
    """A small terminal: cells with the style that they were written in."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, tuple[str, str, str]]] = {}
        self.row = self.column = 1
        self.style = ("", "", "")

    def write(self, data: str) -> None:
        for row, column, step, codes, newline, text in CODE.findall(data):
            if row:
                self.row, self.column = int(row), int(column)
            elif step:
                self.column += int(step)
            elif newline:
                self.row, self.column = self.row + 1, 1
            elif text:
                self._print(text)
            else:
                self._restyle(codes)

    def _restyle(self, codes: str) -> None:
        if codes in ("", "0"):
            self.style = ("", "", "")
            return
        if codes.startswith("0;"):
            self.style, codes = ("", "", ""), codes[2:]
        attributes, foreground, background = parts_of(codes)
        old = self.style
        self.style = (attributes or old[0], foreground or old[1], background or old[2])

    def _print(self, text: str) -> None:
        for character in text:
            self.cells[self.row, self.column] = (character, seen(character, self.style))
            self.column += 1


def seen(character: str, style: tuple[str, str, str]) -> tuple[str, str, str]:
    """The style as far as it can be seen: a blank has no foreground unless it is drawn on."""
    drawn = {"4", "7"} & set(style[0].split(";"))
    return style if character != " " or drawn else ("", "", style[2])


RUN = st.tuples(
    st.integers(1, 6), st.integers(1, 12), st.text("ab █·", min_size=1, max_size=9),
    st.sampled_from(STYLES),
)  # fmt: skip
UPDATE = st.lists(RUN, max_size=6)


def written(update: list[tuple[int, int, str, str]]) -> str:
    """An update as Textual writes it."""
    parts = []
    for row, column, text, style in update:
        styled = f"\x1b[{style}m{text}\x1b[0m" if style else text
        parts.append(f"\x1b[{row};{column}H{styled}\n")
    return "".join(parts) + "\x1b[1;1H"


@given(st.lists(UPDATE, max_size=8))
def test_sparing_and_plain_output_leave_the_same_terminal(
    updates: list[list[tuple[int, int, str, str]]],
) -> None:
    plain, spared, shown = Terminal(), Terminal(), Shown()
    for update in updates:
        data = written(update)
        plain.write(data)
        spared.write(shown.difference(data))
        assert spared.cells == plain.cells


@given(UPDATE)
def test_what_is_shown_already_is_not_sent_again(update: list[tuple[int, int, str, str]]) -> None:
    shown = Shown()
    last_of_cell = {
        (row, column + i): 0 for row, column, text, _ in update for i in range(len(text))
    }
    if len(last_of_cell) != sum(len(text) for _, _, text, _ in update):
        return
    shown.difference(written(update))
    assert shown.difference(written(update)) == ""


def test_what_is_not_understood_passes_untouched_and_is_forgotten() -> None:
    shown, update = Shown(), "\x1b[1;1Habc\x1b[1;1H"
    shown.difference(update)
    strange = "\x1b[?1049h\x1b[1;1Habc"
    assert shown.difference(strange) == strange
    assert shown.difference(update) == update


def test_a_synchronized_update_changes_no_cell_and_forgets_nothing() -> None:
    shown, update = Shown(), "\x1b[1;1Habc\x1b[1;1H"
    shown.difference(update)
    assert shown.difference("\x1b[?2026h") == "\x1b[?2026h"
    assert shown.difference(update) == ""


def test_wide_characters_are_left_to_textual() -> None:
    update = "\x1b[1;1H漢字\x1b[1;1H"
    assert Shown().difference(update) == update


def test_after_a_resize_everything_is_sent_again() -> None:
    shown, update = Shown(), "\x1b[1;1Habc\x1b[1;1H"
    shown.difference(update)
    shown.forget()
    assert shown.difference(update) == update


def test_an_update_laid_out_for_a_larger_terminal_leaves_nothing_known() -> None:
    """A terminal that shrank shows it somewhere at its edge; what comes next is sent whole."""
    shown, late, fresh = Shown(), "\x1b[5;79Had\x1b[1;1H", "\x1b[5;19H  \x1b[1;1H"
    shown.difference(fresh, (80, 24))
    assert shown.difference(late, (20, 5)) == late
    assert shown.difference(fresh, (20, 5)) == "\x1b[5;19H  \x1b[1;1H"


def test_a_colour_alone_changes_without_a_reset() -> None:
    assert transition("38;5;75;48;5;233", "38;5;209;48;5;233") == "\x1b[38;5;209m"
    assert transition("1;38;5;75", "38;5;75") == "\x1b[0;38;5;75m"
    assert transition("38;5;75", "") == "\x1b[0m"


class Listening(SparingDriver):
    """The driver's reading half, over a pipe; what it reads is kept here."""

    def __init__(self, fileno: int) -> None:
        super().__init__(App())
        self.fileno = fileno
        self.keys: list[str] = []

    def process_message(self, message: Message) -> None:
        if isinstance(message, Key):
            self.keys.append(message.key)


class Deaf(Listening):
    """A driver whose terminal fails when it is read."""

    def process_message(self, message: Message) -> None:
        raise OSError(errno.EIO, "input/output error")


async def test_bytes_that_are_no_text_do_not_end_the_reading_of_keys() -> None:
    """A paste in Latin-1: what came with it is dropped, what comes after is read."""
    reads, writes = os.pipe()
    driver = Listening(reads)
    reading = asyncio.create_task(asyncio.to_thread(driver.run_input_thread))
    os.write(writes, b"caf\xe9 \xff")
    while select.select([reads], [], [], 0)[0]:
        await asyncio.sleep(0.01)
    while "x" not in driver.keys:
        assert not reading.done(), "the keyboard is dead"
        os.write(writes, b"x")
        await asyncio.sleep(0.01)
    driver.exit_event.set()
    os.close(writes)
    await reading
    os.close(reads)


async def test_neither_suspending_nor_continuing_is_left_to_textual() -> None:
    """Textual's handlers are set when a driver is made: they must be gone right after."""
    reads, writes = os.pipe()
    Listening(reads)
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGCONT) is signal.SIG_DFL
    os.close(reads)
    os.close(writes)


async def test_a_terminal_that_cannot_be_read_counts_as_a_hang_up() -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, heard.set)
    reads, writes = os.pipe()
    os.write(writes, b"x")
    driver = Deaf(reads)
    try:
        await asyncio.to_thread(driver.run_input_thread)
        await asyncio.wait_for(heard.wait(), 5)
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        os.close(reads)
        os.close(writes)
